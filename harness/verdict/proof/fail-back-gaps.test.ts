import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { judge } from '../judge.ts';
import { type Change, expectedIn, expectGap, the, without } from '../testing/expect-gap.ts';
import { mirroredRecord } from '../testing/met-records.ts';
import { failBackGaps } from './recovery-gaps.ts';

describe('fail-back', () => {
  const wayBack = (record: DrillRecord) => the(record.failBack);
  it.each<[string, Change, RegExp]>([
    [
      'R10: nothing says how the lost place came back',
      (record) => {
        wayBack(record).returned = null;
      },
      /missing from the record: how the lost place came back/,
    ],
    [
      'R10: the lost place came back somehow',
      (record) => {
        wayBack(record).returned = '';
      },
      /missing from the record: how the lost place came back/,
    ],
    [
      'R10: an attempt to write observed nothing',
      (record) => {
        the(wayBack(record).writesTried[0]).observed = '';
      },
      /missing from the record: what was observed of "publish"/,
    ],
    [
      'R10: a read observed nothing',
      (record) => {
        the(wayBack(record).proofs[1]).observed = '';
      },
      /missing from the record: what was observed of "the mirror"/,
    ],
    [
      'R10: markers were acknowledged before the fail-back began',
      (record) => {
        the(wayBack(record).markers[0]).firstAcknowledgedMs = 79_999;
      },
      /in orders, markers were acknowledged at another time than in the fail-back/,
    ],
    [
      'R10: markers were acknowledged after the drill',
      (record) => {
        the(wayBack(record).markers[0]).lastAcknowledgedMs = 90_001;
      },
      /in orders, markers were acknowledged at another time than in the fail-back/,
    ],
    [
      'R10: one of the reads is missing',
      (record) => {
        wayBack(record).proofs.pop();
      },
      /missing from the record: the read "the mirror"/,
    ],
    [
      'R10: one of the attempts to write is missing',
      (record) => {
        wayBack(record).writesTried.pop();
      },
      /missing from the record: the attempt to write "publish \(after it had rejoined\)"/,
    ],
    [
      'R10: a lane of markers is missing',
      (record) => {
        wayBack(record).markers.pop();
      },
      /missing from the record: the lane after the fail-back "payments"/,
    ],
    [
      'R10: the figures of a lane do not add up',
      (record) => {
        the(wayBack(record).markers[0]).restored = 39;
      },
      /in orders, 39 different markers were read, and 40/,
    ],
    [
      'R10: a kind of item was not compared',
      (record) => {
        the(wayBack(record).comparison).items.pop();
      },
      /missing from the record: the kind of item "consumers"/,
    ],
    [
      'R10: a stage is missing',
      (record) => {
        wayBack(record).stages.pop();
      },
      /missing from the record: the stage of the fail-back "verify the fail-back"/,
    ],
    [
      'R10: a stage was not completed',
      (record) => {
        const changed = { name: 'rejoin', durationMs: 1_000, outcome: 'failed' as const };
        wayBack(record).stages = wayBack(record).stages.map((stage) => (stage.name === 'rejoin' ? changed : stage));
      },
      /missing from the record: that the stage "rejoin" was completed/,
    ],
    [
      'R10: a stage took another time in the list of all stages',
      (record) => {
        record.stages = record.stages.map((stage) => (stage.name === 'rejoin' ? { ...stage, durationMs: 1 } : stage));
      },
      /the stage "rejoin" is there twice, and differs/,
    ],
    [
      'R10: a stage ended otherwise in the list of all stages',
      (record) => {
        record.stages = record.stages.map((stage) =>
          stage.name === 'rejoin' ? { ...stage, outcome: 'failed' } : stage,
        );
      },
      /the stage "rejoin" is there twice, and differs/,
    ],
    [
      'R10: a stage is missing in the list of all stages',
      (record) => {
        record.stages = record.stages.filter(({ name }) => name !== 'rejoin');
      },
      /the stage "rejoin" is there twice, and differs/,
    ],
  ])('%s', (_, change, said) => expectGap(mirroredRecord, change, 'fail-back', said));

  it.each(['verified', 'ended'] as const)('R10: nothing says when it %s', (name) => {
    const { findings } = judge(mirroredRecord(without(name)));
    expect(findings.find((finding) => finding.name === 'fail-back')).toMatchObject({
      verdict: 'unproven',
      sentence: `A part of the proof is missing from the record: the moment "${name}".`,
    });
  });

  it('R10: nothing is recorded of it, and its finding is there', () => {
    const record = mirroredRecord((each) => {
      delete each.failBack;
    });
    expect([...failBackGaps(record, expectedIn(record))]).toEqual([
      'A part of the proof is missing from the record: what the fail-back had to show.',
    ]);
  });

  it('R10: nothing was announced of it', () => {
    const { findings } = judge(
      mirroredRecord((record) => {
        delete expectedIn(record).failBack;
      }),
    );
    expect(findings.find(({ name }) => name === 'fail-back')).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/missing from the record: what the fail-back had to show/),
    });
  });
});
