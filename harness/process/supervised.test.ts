import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { arrived, HopelessError, notYet, type Wait } from '../wait/wait.ts';
import { identify, isRunning, type ProcessIdentity } from './identity.ts';
import { lastLines } from './output.ts';
import { type ProgramToRun, startProcess } from './supervised.ts';

const never = new AbortController().signal;
const budgetMs = 20_000;

interface Trial {
  readonly program: ProgramToRun;
  readonly registered: ProcessIdentity[];
  readonly unregistered: ProcessIdentity[];
}

async function shell(script: string, ending: ProgramToRun['ending'] = 'graceful'): Promise<Trial> {
  const dir = await mkdtemp(join(tmpdir(), 'drc-process-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const registered: ProcessIdentity[] = [];
  const unregistered: ProcessIdentity[] = [];
  const register = (identity: ProcessIdentity) => {
    registered.push(identity);
    return () => void unregistered.push(identity);
  };
  const args = ['-c', script];
  return {
    program: { name: 'server', file: '/bin/sh', args, env: {}, cwd: dir, logPath: join(dir, 'log'), ending, register },
    registered,
    unregistered,
  };
}

const logSays = ({ logPath }: ProgramToRun, line: string): Wait<string[]> => ({
  for: `the log to say ${line}`,
  budgetMs,
  intervalMs: 5,
  look: async () => {
    const lines = await lastLines(logPath, 10);
    return lines.includes(line) ? arrived(lines) : notYet(`lines: ${lines.join(' / ')}`);
  },
});

test('a server that serves is started, registered while it runs, and stopped by SIGTERM', async () => {
  const { program, registered, unregistered } = await shell(
    'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.01; done',
  );
  const starting = await startProcess(program, systemClock);
  const { process } = await starting.untilServing(logSays(program, 'up'), never);
  expect(registered).toEqual([process.identity]);
  expect(unregistered).toEqual([]);
  expect((await process.stop()).ending).toEqual({ exitCode: 0, signal: null });
  expect(unregistered).toEqual([process.identity]);
  expect(await process.stop()).toBe(await process.stop());
});

test('a server that ignores SIGTERM is killed after its grace', async () => {
  const { program } = await shell('trap "" TERM; echo up; while :; do sleep 0.01; done');
  const { process } = await (await startProcess(program, systemClock)).untilServing(logSays(program, 'up'), never);
  expect((await process.stop()).ending.signal).toBe('SIGKILL');
  expect(isRunning(process.identity)).toBe(false);
});

test('what a server has started ends with it', async () => {
  const { program } = await shell('sleep 600 & echo "child $!"; echo up; wait', 'immediate');
  const { process, value } = await (await startProcess(program, systemClock)).untilServing(
    logSays(program, 'up'),
    never,
  );
  const child = Number(value.find((line) => line.startsWith('child '))?.slice('child '.length));
  expect(child).toBeGreaterThan(0);
  await process.stop();
  await expect.poll(() => identify(child)).toBeUndefined();
});

/** How the program died. It may die before the first look at it. */
async function deathOf(program: ProgramToRun): Promise<unknown> {
  try {
    const starting = await startProcess(program, systemClock);
    return await starting.untilServing(
      { for: 'what never comes', budgetMs, look: async () => notYet('nothing') },
      never,
    );
  } catch (error) {
    return error;
  }
}

test('a death while starting ends the wait at once and tells the last words', async () => {
  const { program, unregistered } = await shell('echo "no such option: --color"; exit 7');
  const error = await deathOf(program);
  expect(error).toSatisfy((thrown) => thrown instanceof HopelessError || thrown instanceof ExplainedError);
  expect(String(error)).toContain('exit 7');
  expect(String(error)).toContain('no such option: --color');
  expect(unregistered.length).toBeLessThanOrEqual(1);
});

test('a death with a long trace tells the error above it, too', async () => {
  const trace = Array.from({ length: 20 }, (_, at) => `echo "    at step ${at}"`).join('; ');
  const { program } = await shell(`echo "listening soon"; echo "Error: Cannot find module words"; ${trace}; exit 1`);
  const error = String(await deathOf(program));
  expect(error).toMatch(/Error: Cannot find module words \/ … \/ +at step 14 .*step 19/);
  expect(error).not.toContain('listening soon');
});

test('a time-out tells that the program ran, and what it wrote', async () => {
  const { program } = await shell('echo "waiting for a lock"; exec sleep 60');
  const starting = await startProcess(program, systemClock);
  const wait = { for: 'an answer', budgetMs: 300, look: async () => notYet('connection refused') };
  await expect(starting.untilServing(wait, never)).rejects.toThrow(
    'waited 300 ms for an answer; last seen: connection refused; server ran and wrote: waiting for a lock',
  );
});

test('an aborted start leaves no process behind', async () => {
  const { program, registered } = await shell('while :; do sleep 0.01; done');
  const abort = new AbortController();
  const starting = await startProcess(program, systemClock);
  const waiting = starting.untilServing(
    { for: 'what never comes', budgetMs, look: async () => notYet('nothing') },
    abort.signal,
  );
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(registered.filter(isRunning)).toEqual([]);
});

test('a program that is not there is named', async () => {
  const { program } = await shell('');
  const missing = startProcess({ ...program, file: '/no/such/program' }, systemClock);
  await expect(missing).rejects.toThrow(/server: expected a program that starts.*ENOENT.*doctor/s);
});
