import { describe, expect, it } from 'vitest';
import type { FailBackRecord, LaneOutcome } from '../model/record.ts';
import { judgeFailBack } from './fail-back.ts';
import { metRecord, mirroredRecord } from './testing/met-records.ts';

const judged = (change: (failBack: FailBackRecord) => void = () => undefined) =>
  judgeFailBack(
    mirroredRecord(({ failBack }) => {
      if (failBack !== undefined) change(failBack);
    }),
  );
const finding = (verdict: string, sentence: string, cause?: string) => [
  { name: 'fail-back', verdict, sentence, cause },
];
const inLane = (changed: Partial<LaneOutcome>) =>
  judged((failBack) => {
    failBack.markers = failBack.markers.map((lane, index) => (index === 1 ? { ...lane, ...changed } : lane));
  });

describe('a fail-back', () => {
  it('is met by all that was tried and read', () => {
    expect(judged()).toEqual(
      finding(
        'met',
        'Back where it was, with nothing lost or duplicated: 80 markers compared, 2 writes refused by the place that came back, 2 further reads.',
      ),
    );
  });

  it('is met where the asset has none of one kind of item', () => {
    const [only] = judged((failBack) => {
      const none = { expected: 0, restored: 0, matched: 0, missing: 0, extra: 0, differing: 0 };
      failBack.comparison?.items.push({ kind: 'delete markers', ...none });
    });
    expect(only?.verdict).toBe('met');
  });

  it('is no finding where none was promised, and unproven where the service never came back', () => {
    expect(judgeFailBack(metRecord())).toEqual([]);
    const never = mirroredRecord((record) => {
      delete record.failBack;
    });
    expect(judgeFailBack(never)).toEqual(
      finding(
        'unproven',
        'The service did not come back elsewhere, so no fail-back was tried.',
        'fail-back-not-proved',
      ),
    );
  });

  it('is split brain where a write was accepted, whatever else went wrong', () => {
    expect(
      judged((failBack) => {
        failBack.writesTried = [
          ...failBack.writesTried,
          { when: 'on its return', what: 'publish', accepted: true, observed: 'sequence 7' },
        ];
        failBack.failure = { stage: 'rejoin', blame: 'procedure', messages: ['x'] };
      }),
    ).toEqual(
      finding(
        'breached',
        'Split brain: the place that was lost accepted a write on its return while the other one was in charge (publish: sequence 7). It must refuse writers until it has rejoined.',
        'split-brain',
      ),
    );
  });

  it.each<['procedure' | 'harness', readonly string[], string]>([
    ['procedure', ['it is in the way'], 'breached: The fail-back failed at "rejoin": it is in the way'],
    ['harness', ['no answer', 'a', 'b', 'c'], 'unproven: The fail-back failed at "rejoin": no answer Cause: a; b'],
    ['procedure', [], 'breached: The fail-back failed at "rejoin": no reason was given'],
  ])('that failed by the %s is judged by it', (blame, messages, said) => {
    const [only] = judged((failBack) => {
      failBack.failure = { stage: 'rejoin', blame, messages: [...messages] };
    });
    expect(`${only?.verdict}: ${only?.sentence}`).toBe(said);
  });

  it.each<[Partial<LaneOutcome>, string]>([
    [{ lost: 2, firstLostSequence: 9 }, '2 of 40 markers lost (first: 9)'],
    [{ duplicated: 1 }, '1 marker duplicated'],
    [{ reordered: 1 }, '1 marker out of order'],
    [{ altered: 1 }, '1 marker altered'],
    [{ unknown: 1 }, '1 marker that nobody wrote'],
    [{ altered: 1, unknown: 2 }, '1 marker altered, 2 markers that nobody wrote'],
  ])('is breached by %j', (changed, what) => {
    expect(inLane(changed)).toEqual(
      finding('breached', `The fail-back changed data in payments: ${what}.`, 'fail-back-changed-data'),
    );
  });

  it('is breached by content that differs, or a read that does not hold', () => {
    expect(
      judged((failBack) => {
        for (const counts of failBack.comparison?.items ?? []) counts.missing = 1;
      }),
    ).toEqual(
      finding(
        'breached',
        'After the fail-back the content is not what it was: 1 of 50 messages missing, 1 of 2 consumers missing.',
        'fail-back-changed-data',
      ),
    );
    expect(
      judged((failBack) => {
        failBack.proofs = failBack.proofs.map((proof) => ({ ...proof, holds: proof.what !== 'the mirror' }));
      }),
    ).toEqual(finding('breached', 'After the fail-back: the mirror: so it is.', 'fail-back-failed'));
  });

  it.each<[string, (failBack: FailBackRecord) => void, string]>([
    [
      'nothing was written',
      (failBack) => {
        failBack.writesTried = [];
      },
      'The drill did not try to write to the place that came back, so nothing shows that it refuses writers.',
    ],
    [
      'a write got no answer',
      (failBack) => {
        failBack.writesTried = failBack.writesTried.map((write, index) =>
          index === 1 ? { ...write, unanswered: true, observed: 'no answer in 5 s' } : write,
        );
      },
      'It is unknown whether the place that was lost accepted a write after it had rejoined: no answer came (publish: no answer in 5 s). Run the drill again while less runs on this machine.',
    ],
    [
      'no lane was read',
      (failBack) => {
        failBack.markers = [];
      },
      'No marker was read after the fail-back.',
    ],
    [
      'a lane has no marker',
      (failBack) => {
        for (const lane of failBack.markers.slice(1)) lane.acknowledged = 0;
      },
      'No marker was acknowledged in payments in the course of the fail-back.',
    ],
    [
      'nothing was compared',
      (failBack) => {
        failBack.comparison = null;
      },
      'Zero items were compared after the fail-back.',
    ],
    [
      'zero items were compared',
      (failBack) => {
        for (const counts of failBack.comparison?.items ?? []) counts.matched = 0;
      },
      'Zero items were compared after the fail-back.',
    ],
    [
      'nothing more was read',
      (failBack) => {
        failBack.proofs = [];
      },
      'Nothing shows that the other place follows again.',
    ],
  ])('is unproven where %s', (_, change, sentence) => {
    expect(judged(change)).toEqual(finding('unproven', sentence, 'fail-back-not-proved'));
  });
});
