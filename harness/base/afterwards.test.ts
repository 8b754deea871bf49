import { expect, it } from 'vitest';
import { isNotProvableHere, isNotThoughtOf, messagesOf, NotProvableHereError } from '../model/errors.ts';
import { afterwards } from './afterwards.ts';

const refused = new NotProvableHereError({ thing: 'restore', expected: 'a', observed: 'b', nextStep: 'c' });

async function failingTwice(first: Error): Promise<never> {
  await using _removal = afterwards(() => Promise.reject(new Error('the folder is busy')));
  throw first;
}
const errorOf = (first: Error) => failingTwice(first).catch((error: unknown) => error);

it('B21: an error while cleaning up comes behind the first error', async () => {
  expect(messagesOf(await errorOf(new Error('the backup failed')))).toEqual([
    'the backup failed',
    'the folder is busy',
  ]);
});

it('B21: whom the first error blames does not depend on the clean-up', async () => {
  expect(isNotProvableHere(await errorOf(refused))).toBe(true);
  expect(isNotProvableHere(new Error('stage failed', { cause: await errorOf(refused) }))).toBe(true);
  expect(isNotThoughtOf(await errorOf(new TypeError('undefined is not a function')))).toBe(true);
  expect(isNotThoughtOf(await errorOf(refused))).toBe(false);
});

it('says so when only the clean-up failed', async () => {
  const cleaning = async () => {
    await using _removal = afterwards(() => Promise.reject(new Error('the folder is busy')));
  };
  await expect(cleaning()).rejects.toThrow('the folder is busy');
});
