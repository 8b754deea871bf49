import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock/clock.ts';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import type { DrillRecord } from '../model/record.ts';
import { drillRecordSchema } from '../model/record.ts';
import { type MemoryWorld, memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { mirroredWorld } from './testing/mirrored-world.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const BUDGET_MS = 1_000;
const tuning = {
  replicaLooks: 3,
  replicaIntervalMs: 5,
  markersAround: 2,
  markerBudgetMs: 50,
  probeBudgetMs: 50,
  goneBudgetMs: 400,
  serviceBudgetMs: 500,
  seedBudgetMs: BUDGET_MS,
  backupBudgetMs: BUDGET_MS,
  destroyBudgetMs: BUDGET_MS,
  verifyBudgetMs: BUDGET_MS,
  cleanupBudgetMs: BUDGET_MS,
  settleBudgetMs: 200,
};
/** Delay that is longer than any budget, and shorter than a budget with the clean-up that follows. */
const A_LITTLE_LATE_MS = 3_100;
const VERY_LATE_MS = 10_000_000;
const never = new AbortController().signal;

interface Outcome {
  readonly record: DrillRecord;
  /** Copies of the record at each save. */
  readonly saved: readonly DrillRecord[];
  readonly world: MemoryWorld;
  /** Awaits of the clock and calls of the asset, the procedure and the save, in order, until the verdict. */
  readonly events: readonly string[];
}

/** Action that replaces an event. */
type Strike = (event: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly abort: AbortController;
}) => unknown;

/** Runs a drill and strikes at its n-th event. Resolves after late work has finished. */
async function strikeAt(n: number, makeWorld: () => MemoryWorld, strike: Strike): Promise<Outcome> {
  const world = makeWorld();
  const abort = new AbortController();
  const clock = new ManualClock();
  const events: string[] = [];
  const saved: DrillRecord[] = [];
  let isJudged = false;
  const happens = (what: string, signal: AbortSignal = never): unknown => {
    if (isJudged) return undefined;
    events.push(what);
    return events.length === n ? strike({ clock, signal, abort }) : undefined;
  };
  const takesAMillisecond = world.before;
  world.before = async (what, worldClock, signal) => {
    const struck = happens(what, signal);
    // The delayed call continues after the strike, even if its signal has aborted by then.
    await (struck ?? takesAMillisecond(what, worldClock, signal));
  };
  clock.onPause = () => void happens('the clock');
  const contract = memoryContract(world, { detection: undefined, decisionMs: 0, rtoMs: 1_500 });
  const { record } = await runMemoryDrill(contract, {
    clock,
    signal: abort.signal,
    tuning,
    save: async (state) => {
      isJudged = state.judgement !== null;
      saved.push(structuredClone(state));
      await happens('save');
    },
  });
  await clock.runDry();
  return { record, saved, world, events };
}

/** Checks the rules for every drill, at whatever event the strike came. */
function expectOneHonestRecord({ record, saved, world }: Outcome): void {
  expect(world.disposed.count).toBe(world.opened.count);
  expect(saved.filter(({ state }) => state === 'complete')).toHaveLength(1);
  expect(saved.at(-1)).toEqual(record);
  expect(drillRecordSchema.parse(record)).toEqual(record);
  expect(record.judgement).not.toBeNull();
  const { disasterEnded, serviceRestored, ended } = record.moments;
  const untilMs = (serviceRestored ?? ended)?.monotonicMs ?? 0;
  const elapsedMs = disasterEnded === null ? 0 : untilMs - disasterEnded.monotonicMs;
  expect(record.phases.reduce((sum, { measuredMs }) => sum + measuredMs, 0)).toBeLessThanOrEqual(elapsedMs);
}

/** Calls that may fail, because the drill repeats them. */
const REPEATED = ['probe.read', 'probe.write', 'lane.write', 'proveGone', 'clearing.proveGone'];
/** Calls that may hang. The disaster ends a running look at the replica; a later look finds what the replica holds. */
const MAY_BE_SLOW = [...REPEATED, 'replica.look'];
const DISPOSAL = 'Symbol(Symbol.asyncDispose)';

const hops = async (count: number): Promise<void> => {
  for (let hop = 0; hop < count; hop += 1) await Promise.resolve();
};

describe.each([
  ['a drill of a store', memoryWorld],
  ['a drill with a mirror, a failover and a fail-back', mirroredWorld],
] as const)('%s', async (_, makeWorld) => {
  const undisturbed = await strikeAt(-1, makeWorld, () => undefined);
  const everyEvent = undisturbed.events.map((what, index) => ({ what, n: index + 1 }));
  const everyCall = everyEvent.filter(({ what }) => what !== 'the clock' && what !== 'save');

  it('is met when nothing happens to it', () => {
    expectOneHonestRecord(undisturbed);
    expect(undisturbed.record.judgement?.verdict).toBe('met');
    expect(everyEvent.length).toBeGreaterThan(100);
  });

  it.each([0, 2])(
    'B1, B3: cleans up, leaves one final record and is never met, aborted at every await (and %i microtasks later)',
    async (later) => {
      for (const { what, n } of everyEvent) {
        const outcome = await strikeAt(n, makeWorld, ({ abort }) => {
          void hops(later).then(() => abort.abort(new Error('stopped by the operator')));
        });
        expectOneHonestRecord(outcome);
        expect(outcome.record.judgement?.verdict, `aborted at ${n}: ${what}`).toBe('unproven');
        expect(outcome.record.failure).toMatchObject({ aborted: true, messages: ['stopped by the operator'] });
        expect(outcome.record.cleanup.filter((each) => each.outcome === 'failed')).toEqual([]);
      }
    },
  );

  it('B1: cleans up and leaves one final record when any call throws', async () => {
    for (const { what, n } of everyCall) {
      const outcome = await strikeAt(n, makeWorld, () => Promise.reject(new Error('no such luck')));
      if (what === DISPOSAL) {
        expect(outcome.record.cleanup).toContainEqual(
          expect.objectContaining({ outcome: 'failed', message: 'no such luck' }),
        );
        continue;
      }
      expectOneHonestRecord(outcome);
      if (!REPEATED.includes(what)) expect(outcome.record.judgement?.verdict, `${what} threw at ${n}`).not.toBe('met');
    }
  });

  it('B2: cleans up and leaves one final record when a call lasts until its budget ends', async () => {
    for (const { what, n } of everyCall) {
      const outcome = await strikeAt(n, makeWorld, ({ clock, signal }) => clock.pause(VERY_LATE_MS, signal));
      if (what === DISPOSAL) continue;
      expectOneHonestRecord(outcome);
      if (!MAY_BE_SLOW.includes(what))
        expect(outcome.record.judgement?.verdict, `${what} hung at ${n}`).not.toBe('met');
    }
  });

  it.each([
    ['while the drill cleans up', A_LITTLE_LATE_MS],
    ['long after the verdict', VERY_LATE_MS],
  ])('B2, B3: takes nothing from a call that ignores its signal and ends %s', async (_when, lateMs) => {
    for (const { what, n } of everyCall) {
      const outcome = await strikeAt(n, makeWorld, ({ clock }) => clock.pause(lateMs, never));
      expectOneHonestRecord(outcome);
      if (!MAY_BE_SLOW.includes(what) && what !== DISPOSAL)
        expect(outcome.record.judgement?.verdict, `${what} was late at ${n}`).not.toBe('met');
    }
  });
});
