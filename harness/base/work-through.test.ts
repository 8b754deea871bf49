import { expect, test } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { GivenUpError, workThrough } from './work-through.ts';

const never = new AbortController().signal;

test('works through every item, so many at a time', async () => {
  const clock = new ManualClock();
  const done: number[] = [];
  let underWay = 0;
  let most = 0;
  const working = workThrough([1, 2, 3, 4, 5], 2, never, async (item, signal) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await clock.pause(10, signal);
    underWay -= 1;
    done.push(item);
  });
  await clock.drive(working);
  expect([done, most]).toEqual([[1, 2, 3, 4, 5], 2]);
});

test('B23: the first error ends the others at once, and begins no further item', async () => {
  const clock = new ManualClock();
  const began: number[] = [];
  const reasons: unknown[] = [];
  const beganMs = clock.monotonicMs();
  const working = workThrough([1, 2, 3, 4], 2, never, async (item, signal) => {
    began.push(item);
    if (item === 2) {
      await clock.pause(10, signal);
      throw new Error('disk full');
    }
    await clock.pause(600_000, signal).catch((reason: unknown) => reasons.push(reason));
  });
  await expect(clock.drive(working)).rejects.toThrow(/^disk full$/);
  expect(began).toEqual([1, 2]);
  expect(reasons).toEqual([expect.any(GivenUpError)]);
  expect(clock.monotonicMs() - beganMs).toBe(10);
});

test('keeps the first error first, with those of the others behind it', async () => {
  const clock = new ManualClock();
  const first = new Error('disk full');
  const working = workThrough([1, 2], 2, never, async (item, signal) => {
    if (item === 1) throw first;
    await clock.pause(600_000, signal).catch(() => undefined);
    throw new Error('the clean-up failed');
  });
  await expect(clock.drive(working)).rejects.toMatchObject({ message: 'disk full', cause: first });
});
