import { expect, it } from 'vitest';
import { systemClock } from './clock.ts';

it('B30: a budget of more than 24 days does not end at once', async () => {
  const ended = new AbortController();
  let isOver = false;
  const pause = systemClock.pause(60 * 86_400_000, ended.signal).then(
    () => {
      isOver = true;
    },
    () => undefined,
  );
  await systemClock.pause(30, ended.signal);
  expect(isOver).toBe(false);
  ended.abort();
  await pause;
});

it('pausing for nothing ends', async () => {
  await systemClock.pause(0, new AbortController().signal);
});
