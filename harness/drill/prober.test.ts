import { expect, it } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { Prober } from './prober.ts';

const never = new AbortController().signal;
const OFTEN_MS = 50;
const SELDOM_MS = 1_000;

/** Returns a service that records the times of its requests, and answers while it is `up`. */
function service(clock: ManualClock) {
  const asked: number[] = [];
  const state = { up: true };
  const probe = {
    reads: 'one value',
    writes: 'one value',
    read: async () => {
      asked.push(clock.monotonicMs());
      if (!state.up) throw new Error('nobody answers');
    },
    write: async () => undefined,
  };
  const prober = new Prober({
    probe,
    clock,
    intervalMs: OFTEN_MS,
    restIntervalMs: SELDOM_MS,
    attemptBudgetMs: 2_000,
  });
  const askedDuring = async (work: () => Promise<unknown>) => {
    const before = asked.length;
    await work();
    return asked.length - before;
  };
  return { prober, state, askedDuring };
}

it('asks seldom while nothing depends on the answer', async () => {
  const clock = new ManualClock();
  const { prober, askedDuring } = service(clock);
  await clock.pass(1);
  expect(await askedDuring(() => clock.pass(10 * SELDOM_MS))).toBeLessThanOrEqual(10);
  await prober.stop();
});

it('asks at once when somebody waits for the service, and then often until it answers', async () => {
  const clock = new ManualClock();
  const { prober, state, askedDuring } = service(clock);
  state.up = false;
  await clock.pass(SELDOM_MS / 2);
  const beganMs = clock.monotonicMs();
  const served = prober.untilServed(beganMs, 60_000, never);
  expect(await askedDuring(() => clock.pass(10 * OFTEN_MS))).toBeGreaterThanOrEqual(10);
  state.up = true;
  const { firstVerifiedRead } = await clock.drive(served);
  expect(firstVerifiedRead.monotonicMs - beganMs).toBeLessThanOrEqual(11 * OFTEN_MS);
  await clock.pass(OFTEN_MS);
  expect(await askedDuring(() => clock.pass(10 * SELDOM_MS))).toBeLessThanOrEqual(10);
  await prober.stop();
});

it('asks at once when the disaster begins, and then often until it fails', async () => {
  const clock = new ManualClock();
  const { prober, state, askedDuring } = service(clock);
  await clock.pass(SELDOM_MS / 2);
  prober.disasterBegins();
  expect(await askedDuring(() => clock.pass(10 * OFTEN_MS))).toBeGreaterThanOrEqual(10);
  state.up = false;
  const beganMs = clock.monotonicMs();
  await clock.pass(2 * OFTEN_MS);
  expect(prober.firstFailure?.monotonicMs).toBeLessThanOrEqual(beganMs + OFTEN_MS);
  expect(await askedDuring(() => clock.pass(10 * SELDOM_MS))).toBeLessThanOrEqual(10);
  await prober.stop();
});
