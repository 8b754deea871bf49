import type { FreshnessLevels } from '../model/contract.ts';
import type { DrillRecord, Finding, Verdict } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';
import { exposureOf } from './exposure.ts';
import { findingOf } from './finding.ts';

/** Below `belowMs` the level is met, from `criticalMs` on it is broken, and in between it is at risk. */
export function freshnessVerdict(ageMs: number, levels: FreshnessLevels): Verdict {
  if (ageMs < levels.belowMs) return 'met';
  return ageMs < levels.criticalMs ? 'at-risk' : 'breached';
}

/**
 * How old the newest recovery point was at the disaster, or how old the schedule lets it become: just before the next one is
 * durable, the newest is as old as the longest gap plus capture and upload. The older of the two counts, and ages count from when
 * the capture began, because what was written later is not in it. Null when one of them is not known.
 */
export function newestAgeMsOf(record: DrillRecord): number | null {
  const atDisasterMs = ageAtDisasterMsOf(record);
  const oldestMs = exposureOf(record);
  return atDisasterMs === null || oldestMs === null ? null : Math.max(atDisasterMs, oldestMs);
}

function ageAtDisasterMsOf({ moments, recoveryPoints }: DrillRecord): number | null {
  const { disasterBegan } = moments;
  const captureBegan = recoveryPoints?.taken.at(-1)?.captureBegan ?? moments.captureBegan;
  return captureBegan === null || disasterBegan === null ? null : disasterBegan.monotonicMs - captureBegan.monotonicMs;
}

/** One finding where the contract promises an age, none elsewhere. */
export function judgeFreshness(record: DrillRecord): Finding[] {
  const { freshness: levels, schedule } = record.contract;
  if (levels === undefined) return [];
  const ageMs = ageAtDisasterMsOf(record) ?? 0;
  const worstMs = newestAgeMsOf(record);
  if (worstMs === null) {
    return [
      ageAtDisasterMsOf(record) === null
        ? findingOf(
            'freshness',
            'unproven',
            'No recovery point was found off-site, so its age cannot be judged.',
            'recovery-point-missing',
          )
        : findingOf(
            'freshness',
            'unproven',
            'How old the schedule lets the newest recovery point become is not known: see the exposure.',
            'exposure-unknown',
          ),
    ];
  }
  const verdict = freshnessVerdict(worstMs, levels);
  const bySchedule =
    typeof schedule === 'string'
      ? ''
      : `, and the schedule "${schedule.cron}" (${schedule.timeZone}) lets it become ${formatDuration(exposureOf(record) ?? 0)} old`;
  const critical = verdict === 'breached' ? `, which is critical (${formatDuration(levels.criticalMs)})` : '';
  const sentence = `Promised a newest recovery point younger than ${formatDuration(levels.belowMs)}; it was ${formatDuration(ageMs)} old at the disaster${bySchedule}${critical}.`;
  return [findingOf('freshness', verdict, sentence, 'recovery-point-too-old')];
}
