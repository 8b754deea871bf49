import { expect, test } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { messagesOf } from '../model/errors.ts';
import { endAfter, Teardown } from './teardown.ts';

const failing = (message: string) => async () => {
  throw new Error(message);
};

test('undoes in reverse order, once', async () => {
  const done: string[] = [];
  const teardown = new Teardown(systemClock);
  for (const name of ['first', 'second', 'third']) teardown.add(name, 1_000, async () => done.push(name));
  await teardown.run();
  await teardown.run();
  expect(done).toEqual(['third', 'second', 'first']);
});

test('tries every step after a failure, and reports the first error first', async () => {
  const done: string[] = [];
  const teardown = new Teardown(systemClock);
  teardown.add('remove the folder', 1_000, async () => done.push('folder'));
  teardown.add('stop the database', 1_000, failing('database'));
  teardown.add('stop the server', 1_000, failing('server'));
  const error: unknown = await teardown.run().catch((thrown: unknown) => thrown);
  expect(done).toEqual(['folder']);
  expect(messagesOf(error).filter((message) => message.startsWith('could not'))).toEqual([
    'could not stop the server',
    'could not stop the database',
  ]);
});

test('a step that hangs costs its own budget only', async () => {
  const done: string[] = [];
  const teardown = new Teardown(systemClock);
  teardown.add('remove the folder', 1_000, async () => done.push('folder'));
  teardown.add('stop the server', 10, () => new Promise(() => undefined));
  await expect(teardown.run()).rejects.toThrow('could not stop the server');
  expect(done).toEqual(['folder']);
});

test('refuses a step that comes too late to be undone', async () => {
  const teardown = new Teardown(systemClock);
  await teardown.run();
  expect(() => teardown.add('stop the server', 10, async () => undefined)).toThrow('too late');
});

test('a teardown that fails after an error stays behind that error', async () => {
  const teardown = new Teardown(systemClock);
  teardown.add('stop the server', 1_000, failing('server'));
  const first = new Error('no port was free');
  const error: unknown = await endAfter(first, teardown).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: 'no port was free', cause: first });
  expect(messagesOf(error)).toContain('could not stop the server');
});
