import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../model/run-record.ts';
import { madeUpRun } from '../../reporting/testing/made-up-records.ts';
import type { EntryBody } from '../entry.ts';
import type { GateDecision } from './decision.ts';
import { contradictionIn } from './decision-contradictions.ts';
import { COMMIT, DAY_MS, decide, HOUR_MS, ledgerOf, NOW, run, waiver } from './testing/made-up-gate.ts';

type Bodies = ReturnType<typeof run>;

const breached = run({
  change: (record) => {
    record.contract.rtoMs = 60_000;
  },
});
const earlier = run({ agoMs: DAY_MS });

/** The record of the run with those entries. */
function recordOf(bodies: Bodies): RunRecord {
  const drills = bodies.flatMap((body) => (body.kind === 'drill' ? [body.record] : []));
  const [started] = bodies;
  if (started?.kind !== 'run-started') throw new Error('not a run');
  return { ...madeUpRun(drills), runId: started.runId, ended: started.at };
}

async function* newestFirst(bodies: readonly EntryBody[]) {
  yield* ledgerOf(bodies).toReversed();
}

/** Returns the contradiction in a decision on a ledger after a change to it. */
async function found(
  bodies: Bodies,
  change: (decision: GateDecision) => object = () => ({}),
  { record = recordOf(bodies.slice(-3)), ledger = bodies }: { record?: RunRecord; ledger?: Bodies } = {},
): Promise<string | undefined> {
  const decision = await decide(bodies);
  return await contradictionIn({ ...decision, ...change(decision) } as GateDecision, record, newestFirst(ledger));
}

const asPassed = ({ promises, counts }: GateDecision) => ({
  decision: 'pass',
  exitCode: 0,
  isInconclusive: false,
  counts,
  promises: promises.map((promise) => ({ ...promise, outcome: 'passed', problems: [] })),
});
const withProof = (change: object) => (decision: GateDecision) => ({
  promises: decision.promises.map((promise) => ({
    ...promise,
    proofs: promise.proofs.map((proof) => ({ ...proof, ...change })),
  })),
});

describe('page 6: a decision from a file', () => {
  it('is believed as the gate wrote it: passed, blocked, waived, and with later entries in the ledger', async () => {
    expect(await found([...earlier, ...run()])).toBeUndefined();
    expect(await found([...earlier, ...breached])).toBeUndefined();
    const waived = await decide(breached, { waivers: [waiver()] });
    expect(waived.promises[0]?.outcome).toBe('waived');
    expect(await contradictionIn(waived, recordOf(breached), newestFirst(breached))).toBeUndefined();
    const later = run({ agoMs: HOUR_MS / 2 });
    const record = recordOf(earlier);
    expect(await found(earlier, undefined, { record, ledger: [...earlier, ...later] })).toBeUndefined();
  });

  it('is believed where the run rests on it although the commit has moved on', async () => {
    const decision = await decide(run(), {
      commit: 'd'.repeat(40),
      policy: { priorities: { P1: { provedAt: 'any' } } },
    });
    expect(await contradictionIn(decision, recordOf(run()), newestFirst(run()))).toBeUndefined();
  });

  it.each<[string, (decision: GateDecision) => object, RegExp]>([
    [
      'an exit code without its problems',
      () => ({ exitCode: 0, decision: 'pass' }),
      /exit code is 0, but .* make it 1/,
    ],
    ['a pass that exits with 1', () => ({ decision: 'pass' }), /says "pass", and its exit code is 1/],
    ['a promise too many', ({ counts }) => ({ counts: { ...counts, promises: 9 } }), /counts 9 promises/],
    ['a breach that passes', asPassed, /lets orders pass, and its proof is breached/],
    [
      'a verdict that is better than its own parts',
      (decision) => ({ ...asPassed(decision), ...withProofAnd(asPassed(decision), { verdict: 'met' }) }),
      /calls a proof of orders met, which is not the worse/,
    ],
    [
      'a verdict that the run did not record',
      (decision) => withProofAnd(asPassed(decision), { verdict: 'met', recorded: 'met', today: 'met' }),
      /was recorded as met, and the record says breached/,
    ],
    [
      'a contract that is left out',
      (decision) => ({ ...asPassed(decision), promises: [], counts: { ...decision.counts, promises: 0 } }),
      /says nothing of orders/,
    ],
  ])('is refused with %s', async (_what, change, message) => {
    expect(await found(breached, change)).toMatch(message);
  });

  it.each<[string, (decision: GateDecision) => object, RegExp]>([
    ['a drill that this run did not make', withProof({ drillId: 'another' }), /did not make/],
    ['another digest', withProof({ digest: `sha256:${'f'.repeat(64)}` }), /names another digest for entry 2/],
    [
      'an entry that is no proof',
      withProof({ sequence: 1, digest: ledgerOf(run())[0]?.digest }),
      /entry 1 .* not a proof/,
    ],
    ['an entry that is not there', withProof({ sequence: 77 }), /rests on entry 77, which the ledger does not hold/],
    ['another commit of the drill', withProof({ commit: 'd'.repeat(40) }), /another commit for drill/],
    ['a time before the run', () => ({ at: new Date(NOW.getTime() - DAY_MS).toISOString() }), /the run ended at/],
    [
      'the end of another ledger',
      ({ ledger }) => ({ ledger: { ...ledger, lastDigest: `sha256:${'e'.repeat(64)}` } }),
      /decided before entry 3, which belongs to this run, or on another ledger/,
    ],
  ])('is refused with %s', async (_what, change, message) => {
    expect(await found(run(), change)).toMatch(message);
  });

  it('is refused where it was decided before the run, or on another commit', async () => {
    const decision = await decide(earlier);
    expect(await contradictionIn(decision, recordOf(run()), newestFirst([...earlier, ...run()]))).toMatch(
      /decided before entry 6, which belongs to this run/,
    );
    const changed = await decide(run(), { commit: 'd'.repeat(40), workTree: 'elsewhere' });
    expect([changed.decision, changed.promises[0]?.proofs]).toEqual(['block', []]);
    expect(await contradictionIn(changed, recordOf(run()), newestFirst(run()))).toBeUndefined();
    const other = await decide(run({ commit: 'd'.repeat(40), drillId: 'x' }), { commit: 'd'.repeat(40) });
    expect(await contradictionIn(other, recordOf(run()), newestFirst(run()))).toMatch(
      new RegExp(
        `passes commit dddddddddd and rests on no drill of this run, which is of commit ${COMMIT.slice(0, 10)}`,
      ),
    );
  });

  it('is refused where the entry is judged worse than the file says', async () => {
    // The test also edits the record in the ledger: it says met, and its own figures say otherwise.
    const [started, drill, finished] = breached;
    if (started === undefined || drill?.kind !== 'drill' || finished === undefined) throw new Error('not a run');
    const judgement = drill.record.judgement && { ...drill.record.judgement, verdict: 'met' as const };
    const edited = [started, { ...drill, record: { ...drill.record, judgement } }, finished];
    const change = (decision: GateDecision) =>
      withProofAnd(asPassed(decision), { verdict: 'met', recorded: 'met', today: 'met' });
    expect(await found(edited, change)).toMatch(/calls entry 2 met, and judged again it is breached/);
  });
});

/** Returns the decision with a change to every proof. */
function withProofAnd(decision: object, change: object): object {
  return { ...decision, ...withProof(change)(decision as GateDecision) };
}
