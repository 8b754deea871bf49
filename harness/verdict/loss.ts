import type { Cause } from '../model/causes.ts';
import type { DrillRecord, Finding, LaneOutcome, Measure } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';
import { findingOf } from './finding.ts';
import { excess, rpoMsOf, verdictOn } from './thresholds.ts';

/**
 * RPA: cut-off minus the acknowledgement of the last marker before the first lost one, over all lanes; 0 when none is
 * lost. When no marker survived it is more than the time since the first one.
 */
export function rpaOf(record: DrillRecord): Measure | null {
  const { cutOff } = record.moments;
  const exercised = record.markers.filter((lane) => lane.acknowledged > 0);
  if (cutOff === null || exercised.length === 0) return null;
  const measures = exercised.map((lane) => lossIn(lane, cutOff.monotonicMs));
  const valueMs = Math.max(...measures.map((measure) => measure.valueMs));
  return { valueMs, atLeast: measures.some((measure) => measure.valueMs === valueMs && measure.atLeast) };
}

function lossIn(lane: LaneOutcome, cutOffMs: number): Measure {
  if (lane.lost === 0) return { valueMs: 0, atLeast: false };
  const sinceMs = lane.lastBeforeLossMs ?? lane.firstAcknowledgedMs ?? cutOffMs;
  return { valueMs: Math.max(0, cutOffMs - sinceMs), atLeast: lane.lastBeforeLossMs === null };
}

export function judgeRpo(record: DrillRecord): Finding {
  const rpoMs = rpoMsOf(record);
  const rpa = rpaOf(record);
  if (rpa === null) {
    return finding(
      'unproven',
      'No marker was acknowledged before the disaster, so nothing says how much was lost.',
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
  const promised = `Promised to lose at most ${formatDuration(rpoMs)}; lost ${lost} of ${acknowledged} acknowledged markers, ${much} of writes`;
  if (lost > 0 && rpoMs === 0) return finding('breached', `${promised}.`, 'loss-above-rpo');
  if (record.markers.some((lane) => lane.lost > 0 && lane.lastBeforeLossMs === null) && rpa.valueMs <= rpoMs) {
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
