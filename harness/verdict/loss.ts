import type { Cause } from '../model/causes.ts';
import type { DrillRecord, Finding, LaneOutcome, Measure } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';
import { excess, findingOf, rpoMsOf, verdictOn } from './finding.ts';

/**
 * RPA: cut-off (of the older of two recovery points: the next capture) minus the acknowledgement of the last marker before the first lost one, over all lanes; 0 when none is
 * lost. When no marker survived it is more than the time since the first one.
 */
export function rpaOf(record: DrillRecord): Measure | null {
  const measures = measuresOf(record);
  if (measures.length === 0) return null;
  const valueMs = Math.max(...measures.map((measure) => measure.valueMs));
  return { valueMs, atLeast: measures.some((measure) => measure.valueMs === valueMs && measure.atLeast) };
}

/** Of each lane that was written to; none where nothing says until when a loss counts. */
function measuresOf(record: DrillRecord): readonly Measure[] {
  const cutOff = countedUntil(record);
  if (cutOff === null) return [];
  const isOlder = isOlderRestored(record);
  return record.markers
    .filter((lane) => lane.acknowledged > 0)
    .map((lane) => lossIn(lane, cutOff.monotonicMs, isOlder));
}

const isOlderRestored = ({ recoveryPoints }: DrillRecord): boolean => recoveryPoints?.restored === 'older';

/**
 * The cut-off; where the older of two recovery points was restored, the beginning of the newer capture: what was written after it is in
 * the newer point, and its absence says nothing about what the procedure loses. Of a continuous procedure every moment is a recovery point,
 * so nothing counts that came after the one that was named.
 */
function countedUntil(record: DrillRecord): DrillRecord['moments']['cutOff'] {
  const { contract, moments, recoveryPoints } = record;
  if (!isOlderRestored(record)) return moments.cutOff;
  if (contract.schedule === 'continuous') return moments.captureBegan;
  return recoveryPoints?.taken.find(({ name }) => name === 'newer')?.captureBegan ?? moments.cutOff;
}

function lossIn(lane: LaneOutcome, cutOffMs: number, isOlder: boolean): Measure {
  if (lane.lost === 0) return { valueMs: 0, atLeast: false };
  if (isOlder && (lane.firstLostMs ?? 0) >= cutOffMs) return { valueMs: 0, atLeast: false };
  const sinceMs = lane.lastBeforeLossMs ?? lane.firstAcknowledgedMs ?? cutOffMs;
  return { valueMs: Math.max(0, cutOffMs - sinceMs), atLeast: lane.lastBeforeLossMs === null };
}

export function judgeRpo(record: DrillRecord): Finding {
  const rpoMs = rpoMsOf(record);
  const rpa = rpaOf(record);
  if (rpa === null) {
    return finding(
      'unproven',
      record.markers.length === 0 && record.comparison === null
        ? 'The drill ended before the markers were read back, so nothing says how much was lost.'
        : 'No marker was acknowledged before the disaster, so nothing says how much was lost.',
      'loss-unknown',
    );
  }
  const silent = record.markers.find((lane) => lane.acknowledged === 0);
  if (silent !== undefined) {
    return finding(
      'unproven',
      `No marker was acknowledged by ${silent.lane}, so nothing says how much of it was lost.`,
      'loss-unknown',
    );
  }
  const lost = record.markers.reduce((sum, lane) => sum + lane.lost, 0);
  const acknowledged = record.markers.reduce((sum, lane) => sum + lane.acknowledged, 0);
  const much = `${rpa.atLeast ? 'more than ' : ''}${formatDuration(rpa.valueMs)}`;
  const isOlder = isOlderRestored(record);
  const since = record.contract.schedule === 'continuous' ? 'the moment that was restored' : 'the next capture';
  const what = isOlder
    ? `the older recovery point lost ${much} of what was written until ${since}`
    : `lost ${lost} of ${acknowledged} acknowledged markers, ${much} of writes`;
  const promised = `Promised to lose at most ${formatDuration(rpoMs)}; ${what}`;
  if (lost > 0 && rpoMs === 0 && !(isOlder && rpa.valueMs === 0))
    return finding('breached', `${promised}.`, 'loss-above-rpo');
  if (
    // Also where another lane lost more, and is known: nobody knows how much this one lost.
    measuresOf(record).some(({ atLeast }) => atLeast) &&
    rpa.valueMs <= rpoMs
  ) {
    return finding(
      'unproven',
      `${promised}. How much more is not known, because no marker from before the loss came back.`,
      'loss-unknown',
    );
  }
  return finding(verdictOn(rpa.valueMs, rpoMs), `${promised}${excess(rpa.valueMs, rpoMs)}.`, 'loss-above-rpo');
}

const finding = (verdict: Finding['verdict'], sentence: string, cause?: Cause): Finding =>
  findingOf('rpo', verdict, sentence, cause);
