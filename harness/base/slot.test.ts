import { expect, test } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { Slot } from './slot.ts';

const never = new AbortController().signal;

function server(name: string, ended: string[]) {
  return { [Symbol.asyncDispose]: async () => void ended.push(name) };
}

async function lostSlot(clock: ManualClock, ended: string[]) {
  const slot = await Slot.open('server of a drill', async () => server('first', ended), clock);
  await slot.lose(async () => 'killed');
  return slot;
}

test('a server that was lost is not ended again, its replacement is', async () => {
  const ended: string[] = [];
  const slot = await lostSlot(new ManualClock(), ended);
  await slot.replace(async () => server('second', ended));
  await slot[Symbol.asyncDispose]();
  expect(ended).toEqual(['second']);
});

test('B7: a replacement that ends after the place was given back is disposed', async () => {
  const clock = new ManualClock();
  const ended: string[] = [];
  const slot = await lostSlot(clock, ended);
  const replacing = slot.replace(async () => {
    await clock.pause(5_000, never);
    return server('second', ended);
  });
  await clock.drive(slot[Symbol.asyncDispose]());
  await clock.drive(replacing);
  expect(ended).toEqual(['second']);
});

test('B7: no replacement starts after the place was given back, or beside another one', async () => {
  const clock = new ManualClock();
  const ended: string[] = [];
  const slot = await lostSlot(clock, ended);
  const starting = async () => {
    await clock.pause(10, never);
    return server('second', ended);
  };
  const first = slot.replace(starting);
  await expect(slot.replace(starting)).rejects.toThrow('another one is starting');
  await clock.drive(first);
  await slot[Symbol.asyncDispose]();
  await slot.lose(async () => 'killed');
  await expect(slot.replace(starting)).rejects.toThrow('is over');
  expect(ended).toEqual(['second']);
});
