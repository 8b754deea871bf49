import { expect, test } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { drillBudgetMs } from './testing/drill-budget.ts';
import { memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { mirroredWorld } from './testing/mirrored-world.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const tuning = { markerIntervalMs: 5_000, probeIntervalMs: 5_000, replicaIntervalMs: 5_000, replicaLooks: 3 };
const never = new AbortController().signal;

test.each([
  ['restore', memoryWorld],
  ['second restore', memoryWorld],
  ['backup', memoryWorld],
  ['asyncDispose', memoryWorld],
  ['verify the fail-back', mirroredWorld],
] as const)('B24: a drill that hangs in its %s has ended within the budget of a drill', async (where, makeWorld) => {
  const world = makeWorld();
  const takesAMillisecond = world.before;
  let restores = 0;
  world.before = async (what, clock, signal) => {
    if (what === 'restore') restores += 1;
    const hangs =
      what.includes(where) ||
      (where === 'second restore' && what === 'restore' && restores === 2) ||
      (where === 'verify the fail-back' && what === 'proveInCharge');
    await (hangs ? clock.pause(100_000_000, never) : takesAMillisecond(what, clock, signal));
  };
  const contract = memoryContract(world);
  const clock = new ManualClock();
  const beganMs = clock.monotonicMs();
  await runMemoryDrill(contract, { clock, tuning });
  expect(clock.monotonicMs() - beganMs).toBeLessThan(drillBudgetMs(contract, tuning));
});
