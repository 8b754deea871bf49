import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { identifySelf } from '../process/identity.ts';
import { explainDiskTrouble } from '../process/scratch.ts';
import { attachSession, openSession } from './session.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drc-session-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', root);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(root, { recursive: true, force: true });
  });
});

test('a session is a folder for its owner’s eyes only, and is removed with what is in it', async () => {
  const session = await openSession(systemClock);
  expect((await stat(session.dir)).mode & 0o077).toBe(0);
  await writeFile(join(session.folder('parts', 'nats'), 'block'), 'data');
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  expect(await readdir(root)).toEqual([]);
});

test('several processes register into one session, and a process that ended is taken out again', async () => {
  await using session = await openSession(systemClock);
  const self = identifySelf();
  const unregister = attachSession(session.dir).register('server', self);
  expect(session.registered()).toEqual([{ name: 'server', ...self }]);
  unregister();
  expect(session.registered()).toEqual([]);
});

test('nobody can attach to a session that is over', async () => {
  const session = await openSession(systemClock);
  await session[Symbol.asyncDispose]();
  expect(() => attachSession(session.dir)).toThrow();
});

test('a scratch folder that cannot be made is explained with its path', async () => {
  const inTheWay = join(root, 'file');
  await writeFile(inTheWay, '');
  vi.stubEnv('DR_CONTRACTS_SCRATCH', join(inTheWay, 'scratch'));
  const opening = openSession(systemClock);
  await expect(opening).rejects.toBeInstanceOf(ExplainedError);
  await expect(opening).rejects.toThrow(/scratch folder .*file.*DR_CONTRACTS_SCRATCH/);
});

test('a full disk is explained, any other error is left as it is', () => {
  const full = Object.assign(new Error('write failed'), { code: 'ENOSPC' });
  expect(String(explainDiskTrouble(full, '/scratch'))).toContain('the disk is full (ENOSPC)');
  const other = new Error('something else');
  expect(explainDiskTrouble(other, '/scratch')).toBe(other);
  expect(existsSync(root)).toBe(true);
});
