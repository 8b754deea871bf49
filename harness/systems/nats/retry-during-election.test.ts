import { TimeoutError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { arrived, notYet, type Wait, WaitTimeoutError } from '../../wait/wait.ts';
import { retryDuringElection } from './cluster-settling.ts';

const step = { clock: systemClock, signal: new AbortController().signal };
const wait = <T>(look: Wait<T>['look'], budgetMs: number): Wait<T> => ({
  for: 'a leader',
  budgetMs,
  intervalMs: 1,
  look,
});

test('what answers nothing, or not yet, is asked again', async () => {
  const answers = [
    () => Promise.reject(new TimeoutError()),
    async () => notYet('two of three'),
    async () => arrived('n2'),
  ];
  expect(
    await retryDuringElection(
      wait(() => answers.shift()?.() ?? Promise.reject(new Error('asked again')), 10_000),
      step,
    ),
  ).toBe('n2');
});

test('another error is final, and stays what it is', async () => {
  const refused = new Error('permissions violation');
  let asked = 0;
  const refusing = wait(() => {
    asked += 1;
    return Promise.reject(refused);
  }, 10_000);
  await expect(retryDuringElection(refusing, step)).rejects.toBe(refused);
  expect(asked).toBe(1);
});

test('at the end of the budget it says what was last seen, also while a look hangs', async () => {
  const looks = [async () => notYet('nobody leads it'), () => new Promise<never>(() => undefined)];
  const hanging = retryDuringElection(
    wait(() => looks.shift()?.() ?? Promise.reject(new Error('asked again')), 40),
    step,
  );
  const failure: unknown = await hanging.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WaitTimeoutError);
  expect(String(failure)).toContain('waited 40 ms for a leader; last seen: nobody leads it');
});
