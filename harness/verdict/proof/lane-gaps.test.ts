import { describe, expect, it } from 'vitest';
import type { LaneOutcome } from '../../model/record.ts';
import { losingLane, wholeLane } from '../testing/met-records.ts';
import { laneGaps } from './content-gaps.ts';

const gapsOf = (lane: LaneOutcome): string[] => [...laneGaps(lane)];

describe('the figures of a lane', () => {
  it.each<[string, LaneOutcome]>([
    ['every marker was acknowledged before the capture', { ...wholeLane, acknowledgedBeforeCapture: 40 }],
    [
      'every marker was lost',
      { ...losingLane, lost: 40, restored: 0, firstLostSequence: 1, lastBeforeLossMs: null, indeterminate: 0 },
    ],
    ['the marker of unknown outcome was written', { ...wholeLane, restored: 41 }],
    [
      'a marker came back twice, and another one that nobody wrote',
      { ...wholeLane, restored: 43, duplicated: 2, unknown: 1 },
    ],
    [
      'markers from before the capture were lost',
      { ...losingLane, lostBeforeCapture: 10, firstLostBeforeCapture: 1, firstLostSequence: 1 },
    ],
    ['one marker was acknowledged', { ...wholeLane, firstAcknowledgedMs: 11_000, lastAcknowledgedMs: 11_000 }],
    ['only the first marker came before the loss', { ...losingLane, lastBeforeLossMs: 11_000 }],
    ['the last marker that was acknowledged came before the loss', { ...losingLane, lastBeforeLossMs: 49_000 }],
  ])('agree where %s', (_, lane) => {
    expect(gapsOf(lane)).toEqual([]);
  });

  it('R07: disagree where markers from before the capture were lost, and no first one is named', () => {
    expect(gapsOf({ ...losingLane, lostBeforeCapture: 10 })).toEqual([
      'The record contradicts itself: in orders, 10 markers from before the capture were lost, the first of them number null.',
    ]);
  });
});
