import { describe, expect, it } from 'vitest';
import type { AfterRun, PastRun } from '../../model/past-run.ts';
import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord } from '../../model/record.ts';
import { madeUpDrill, madeUpPosture } from '../../reporting/testing/made-up-records.ts';
import { Ledger } from '../ledger/ledger.ts';
import { entriesOfRun, MemoryStore, never, TestClock } from '../ledger/testing/made-up-ledger.ts';
import { pastRunsOf } from './past-runs.ts';

interface Run {
  readonly runId: string;
  readonly drills?: readonly DrillRecord[];
  readonly postures?: readonly PostureRecord[];
  readonly ending?: 'run-finished' | 'run-killed' | 'none';
}

/** Returns a ledger of those runs, the oldest first. */
async function ledgerOf(runs: readonly Run[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  const clock = new TestClock();
  const ledger = new Ledger(store, undefined, clock);
  for (const { postures = [], ...run } of runs) {
    for (const entry of entriesOfRun(run)) {
      const isEnd = entry.kind === 'run-finished' || entry.kind === 'run-killed';
      await ledger.append(isEnd ? { ...entry, run: { ...entry.run, postures: [...postures] } } : entry, {}, never);
      clock.advance(60_000);
    }
  }
  return store;
}

async function read(store: MemoryStore, after: (run: PastRun) => AfterRun = () => 'read on', most?: number) {
  const runs: (PastRun & { readonly isThisRun: boolean })[] = [];
  const visit = (run: PastRun, isThisRun: boolean) => {
    runs.push({ ...run, isThisRun });
    return after(run);
  };
  const { isCut } = await pastRunsOf(store, 'this', most)(visit, never);
  return { runs, isCut };
}

const broken = { verdict: 'breached', sentence: 'Too much was lost.' } as const;
const check = (name: string, condition?: 'repetition') =>
  ({ name, verdict: 'unproven', sentence: 'Nobody looked.', ...(condition && { condition }) }) as const;

describe('the runs of a ledger, as a check is told of them', () => {
  it('come the newest first, with what each found of each promise', async () => {
    const store = await ledgerOf([
      { runId: 'r1', drills: [madeUpDrill({ judgement: broken })] },
      { runId: 'r2', drills: [madeUpDrill()], postures: [madeUpPosture([check('fresh')])] },
    ]);
    const { runs, isCut } = await read(store);
    expect(isCut).toBe(false);
    expect(runs.map(({ runId, target, isThisRun }) => [runId, target, isThisRun])).toEqual([
      ['r2', 'local', false],
      ['r1', 'local', false],
    ]);
    expect(runs[0]?.promises).toEqual([{ contract: 'nats-streams', disasters: ['stream-deleted'] }]);
    expect(runs[0]?.results).toMatchObject([
      { contract: 'off-site-backups', part: 'fresh', isCheck: true, isOfRepetition: false, verdict: 'unproven' },
      { contract: 'nats-streams', part: 'stream-deleted', isCheck: false, verdict: 'met' },
    ]);
    expect(runs[1]?.results).toMatchObject([broken]);
  });

  it('hold nothing of the run that asks but what is promised, although its drills are in the ledger', async () => {
    const store = await ledgerOf([{ runId: 'r1' }, { runId: 'this', ending: 'none' }]);
    const { runs } = await read(store);
    expect(runs.map(({ isThisRun, results }) => [isThisRun, results.length])).toEqual([
      [true, 0],
      [false, 1],
    ]);
  });

  it('leave out drills that were interrupted, and keep what a killed run had judged', async () => {
    const aborted = { stage: 'restore', blame: 'harness', messages: ['Ctrl-C'], aborted: true } as const;
    const drills = [
      madeUpDrill({ disaster: 'interrupted', judgement: broken, failure: { ...aborted, messages: ['Ctrl-C'] } }),
      madeUpDrill({ disaster: 'not-judged', judgement: null }),
      madeUpDrill({ judgement: broken }),
    ];
    const { runs } = await read(await ledgerOf([{ runId: 'r1', ending: 'run-killed', drills }]));
    expect(runs[0]?.results.map(({ part }) => part)).toEqual(['stream-deleted']);
  });

  it('mark what a check of repetition found', async () => {
    const postures = [madeUpPosture([check('fresh'), check('not-repeated', 'repetition')])];
    const { runs } = await read(await ledgerOf([{ runId: 'r1', drills: [], postures }]));
    expect(runs[0]?.results.map(({ part, isOfRepetition }) => [part, isOfRepetition])).toEqual([
      ['fresh', false],
      ['not-repeated', true],
    ]);
  });

  it('are read no further than the reader wants, and than may be read', async () => {
    const store = await ledgerOf(['r1', 'r2', 'r3'].map((runId) => ({ runId })));
    expect(await read(store, () => 'enough')).toMatchObject({ isCut: false, runs: [{ runId: 'r3' }] });
    expect(await read(store, () => 'read on', 7)).toMatchObject({
      isCut: true,
      runs: [{ runId: 'r3' }, { runId: 'r2' }],
    });
    expect((await read(store, () => 'read on', 9)).isCut).toBe(false);
  });

  it('are none in a ledger that nobody wrote', async () => {
    expect(await read(new MemoryStore())).toEqual({ runs: [], isCut: false });
  });
});
