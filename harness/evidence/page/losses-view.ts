import type { DrillRecord, LaneOutcome } from '../../model/record.ts';
import { LISTED } from './names.ts';
import type { LossesView } from './page-view.ts';

/** What became of the acknowledged markers, on a common time axis. Null where no marker was written before a disaster. */
export function lossesOf({ markers, moments, contract }: DrillRecord): LossesView | null {
  const { cutOff, captureBegan } = moments;
  const begins = markers.map(({ firstAcknowledgedMs }) => firstAcknowledgedMs).filter((ms) => ms !== null);
  if (cutOff === null || begins.length === 0) return null;
  const originMs = Math.min(...begins);
  const lanes = markers
    .flatMap((lane) => {
      const { firstAcknowledgedMs, lastAcknowledgedMs, lastBeforeLossMs } = lane;
      if (firstAcknowledgedMs === null || lastAcknowledgedMs === null) return [];
      return [
        {
          lane: lane.lane,
          fromMs: firstAcknowledgedMs - originMs,
          toMs: Math.max(firstAcknowledgedMs, lastAcknowledgedMs) - originMs,
          keptUntilMs: lastBeforeLossMs === null ? null : lastBeforeLossMs - originMs,
          acknowledged: lane.acknowledged,
          restored: lane.restored,
          lost: lane.lost,
          lostBeforeCapture: lane.lostBeforeCapture,
          faults: faultsOf(lane),
        },
      ];
    })
    .toSorted((one, other) => other.lost - one.lost);
  return {
    rpoMs: contract.rpoMs,
    captureBeganMs: captureBegan === null ? null : captureBegan.monotonicMs - originMs,
    cutOffMs: Math.max(0, cutOff.monotonicMs - originMs),
    lanes: lanes.slice(0, LISTED),
    lanesLeftOut: markers.length - Math.min(lanes.length, LISTED),
  };
}

function faultsOf(lane: LaneOutcome): string[] {
  const counts: readonly (readonly [number, string])[] = [
    [lane.lostBeforeCapture, 'lost although acknowledged before the capture'],
    [lane.duplicated, 'duplicated'],
    [lane.reordered, 'out of order'],
    [lane.altered, 'altered'],
    [lane.unknown, 'that nobody wrote'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
}
