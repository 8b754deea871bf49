import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { isRunning, processIdentitySchema } from '../process/identity.ts';

const began = z.object({ dir: z.string(), identity: processIdentitySchema });
const program = fileURLToPath(new URL('./testing/interrupted-run.ts', import.meta.url));

async function owner(behaviour: 'wait' | 'hang' | 'throw') {
  const scratch = await mkdtemp(join(tmpdir(), 'drc-interruption-'));
  const child: ChildProcess = spawn(process.execPath, [program, behaviour], {
    env: { PATH: process.env.PATH ?? '', DR_CONTRACTS_SCRATCH: scratch },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(scratch, { recursive: true, force: true });
  });
  if (child.stdout === null) throw new Error('no stdout');
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const session = began.parse(JSON.parse((await lines.next()).value ?? ''));
  return { child, session, ended, nextLine: async () => (await lines.next()).value };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s lets the run tear down and leave', async (signal) => {
  const { child, session, ended, nextLine } = await owner('wait');
  child.kill(signal);
  expect(await nextLine()).toContain(`interrupted by ${signal}`);
  expect(await ended).toEqual([2, null]);
  expect(isRunning(session.identity)).toBe(false);
  expect(existsSync(session.dir)).toBe(false);
});

test('a second signal leaves at once, and still leaves nothing behind', async () => {
  const { child, session, ended, nextLine } = await owner('hang');
  child.kill('SIGINT');
  await nextLine();
  child.kill('SIGINT');
  expect(await ended).toEqual([2, null]);
  await expect.poll(() => isRunning(session.identity)).toBe(false);
  expect(existsSync(session.dir)).toBe(false);
});

test('a harness that ends by a mistake of its own leaves nothing behind', async () => {
  const { session, ended } = await owner('throw');
  expect(await ended).toEqual([1, null]);
  await expect.poll(() => isRunning(session.identity)).toBe(false);
  expect(existsSync(session.dir)).toBe(false);
});
