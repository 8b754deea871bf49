import { describe, expect, it } from 'vitest';
import type { DrillRecord, FindingName } from '../model/record.ts';
import { judge } from './judge.ts';
import { metRecord, mirroredRecord } from './testing/met-records.ts';

type Change = (record: DrillRecord) => void;

/** Returns the verdicts on a record, alone on its machine and beside a build. */
function verdictsOf(name: FindingName, change: Change, make: (change: Change) => DrillRecord = metRecord) {
  const of = (beside: readonly string[] | undefined) =>
    judge(
      make((record) => {
        change(record);
        if (beside !== undefined) record.environment.beside = [...beside];
      }),
    ).findings.find((finding) => finding.name === name)?.verdict;
  return { alone: of(undefined), beside: of(['building kube-apiserver']) };
}

describe('a drill beside which its run built programs', () => {
  it('is met all the same where it was quick enough', () => {
    const record = metRecord((each) => {
      each.environment.beside = ['building kube-apiserver'];
    });
    expect(judge(record)).toEqual(judge(metRecord()));
  });

  it.each([
    ['an RTO that the measured part exceeds', 'rto', 140_000, 'breached', 'unproven'],
    ['an RTO that the measured part brings near', 'rto', 170_000, 'at-risk', 'unproven'],
    // 130 s of the 150 s are budgets for detection and decision.
    ['an RTO that the budgets alone exceed', 'rto', 120_000, 'breached', 'breached'],
    ['an RTO that the budgets alone bring near', 'rto', 155_000, 'at-risk', 'at-risk'],
  ] as const)('%s', (_what, name, rtoMs, alone, beside) => {
    const verdicts = verdictsOf(name, (record) => {
      record.contract.rtoMs = rtoMs;
    });
    expect(verdicts).toEqual({ alone, beside });
  });

  it.each([
    // RPA is 9 s.
    ['a loss that the measured time makes too long', 'rpo', 8_000, 'breached', 'unproven'],
    ['any loss where nothing may be lost', 'rpo', 0, 'breached', 'breached'],
    // The schedule permits 300 s, capture and upload took 10 s.
    ['an exposure that capture and upload make too long', 'exposure', 305_000, 'breached', 'unproven'],
    ['an exposure that the schedule alone makes too long', 'exposure', 290_000, 'breached', 'breached'],
  ] as const)('%s', (_what, name, rpoMs, alone, beside) => {
    const verdicts = verdictsOf(name, (record) => {
      record.contract.rpoMs = rpoMs;
    });
    expect(verdicts).toEqual({ alone, beside });
  });

  it('a mirror that was too far behind', () => {
    const verdicts = verdictsOf(
      'exposure',
      (record) => {
        record.contract.rpoMs = 1;
      },
      mirroredRecord,
    );
    expect(verdicts).toEqual({ alone: 'breached', beside: 'unproven' });
  });

  it('keeps a breach of content, and a procedure that failed', () => {
    const content = verdictsOf('content', (record) => {
      for (const lane of record.markers) lane.altered = 1;
    });
    expect(content).toEqual({ alone: 'breached', beside: 'breached' });
    const failed = verdictsOf('content', (record) => {
      record.failure = { stage: 'restore', blame: 'procedure', messages: ['exit 1'], aborted: false };
    });
    expect(failed).toEqual({ alone: 'breached', beside: 'breached' });
  });

  it('says what was going on, why that proves nothing, and what to do; its margin is not known', () => {
    const judgement = judge(
      metRecord((record) => {
        record.contract.rtoMs = 140_000;
        record.environment.beside = ['building kube-apiserver', 'starting kubernetes'];
      }),
    );
    expect(judgement).toMatchObject({ verdict: 'unproven', cause: 'built-beside-the-drill', marginPercent: null });
    expect(judgement.sentence).toMatch(
      /recovered in 2 min 30 s .* was building kube-apiserver and starting kubernetes on the same machine.* Run the drill again/,
    );
    expect(judgement.rta).toEqual({ valueMs: 150_000, atLeast: false });
  });
});

describe('a drill that ran beside other drills', () => {
  const rtoOf = (rtoMs: number, concurrentDrills: number) =>
    judge(
      metRecord((record) => {
        record.contract.rtoMs = rtoMs;
        record.environment.concurrentDrills = concurrentDrills;
      }),
    ).findings.find(({ name }) => name === 'rto');

  it('keeps its breach of a measured time, and says how to time it alone', () => {
    expect(rtoOf(140_000, 3)).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringMatching(
        /Up to 3 drills ran at once on this machine: `--jobs 1` times each of them alone\.$/,
      ),
    });
  });

  it.each([
    ['the budgets alone exceed', 120_000, 3],
    ['is kept', 600_000, 3],
    ['was timed alone', 140_000, 1],
  ])('says nothing of others where the RTO %s', (_what, rtoMs, drills) => {
    expect(rtoOf(rtoMs, drills)?.sentence).not.toContain('--jobs');
  });
});
