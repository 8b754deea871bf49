import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { identify, identifySelf, isRunning } from './identity.ts';

test('this process is running', () => {
  expect(isRunning(identifySelf())).toBe(true);
});

test('a process that ended is not running, even while its parent has not collected it', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const identity = identify(child.pid ?? 0);
  expect(identity).toBeDefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(identity !== undefined && isRunning(identity)).toBe(false);
});

test('a process that was given the pid of an earlier one is not mistaken for it', () => {
  const { pid, startTime } = identifySelf();
  expect(isRunning({ pid, startTime: `${startTime}0` })).toBe(false);
});
