import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { identify, identifySelf, type ProcessIdentity, thisMachine } from '../process/identity.ts';
import { type LockOptions, takeLock } from './lock.ts';
import { temporaryFolder } from './testing/fake-programs.ts';

function options(overrides: Partial<LockOptions> = {}): LockOptions {
  return { clock: systemClock, signal: new AbortController().signal, onWaiting: () => undefined, ...overrides };
}

async function claim(dir: string, owner: ProcessIdentity, worker?: ProcessIdentity): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, `0-${owner.pid}.json`), JSON.stringify({ owner, machine: thisMachine(), worker }));
}

/** Starts a process in its own group that runs until it is killed. */
async function longRunning(): Promise<{ readonly identity: ProcessIdentity; readonly ended: Promise<unknown> }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('the process is gone already');
  return { identity, ended };
}

async function deadOwner(): Promise<ProcessIdentity> {
  const { identity, ended } = await longRunning();
  process.kill(identity.pid, 'SIGKILL');
  await ended;
  return identity;
}

const claimsIn = async (dir: string) => (await readdir(dir)).filter((name) => name.endsWith('.json'));

describe('a lock', () => {
  it('is held by one at a time, and everyone gets it in the end', async () => {
    await using folder = await temporaryFolder();
    let holders = 0;
    const seen: number[] = [];
    const contend = async () => {
      await using _lock = await takeLock(folder.dir, options());
      holders += 1;
      seen.push(holders);
      await readdir(folder.dir);
      holders -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, contend));
    expect(seen).toEqual(Array.from({ length: 8 }, () => 1));
    expect(await claimsIn(folder.dir)).toEqual([]);
  });

  it('is taken over from an owner that was killed', async () => {
    await using folder = await temporaryFolder();
    await claim(folder.dir, await deadOwner());
    await using _lock = await takeLock(folder.dir, options());
    expect(await claimsIn(folder.dir)).toEqual([expect.stringContaining(`${process.pid}-`)]);
  });

  it('is taken over from an owner whose pid another process has by now', async () => {
    await using folder = await temporaryFolder();
    await claim(folder.dir, { pid: process.pid, startTime: 'long ago' });
    await using lock = await takeLock(folder.dir, options());
    expect(lock).toBeDefined();
  });

  it('is taken over when a claim cannot be read', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.dir, '0-broken.json'), '{"owner":');
    await using lock = await takeLock(folder.dir, options());
    expect(lock).toBeDefined();
  });

  it('is waited for while its owner lives, and the owner is named', async () => {
    await using folder = await temporaryFolder();
    await claim(folder.dir, identifySelf());
    const stop = new AbortController();
    const owners: number[] = [];
    const onWaiting = (pid: number) => {
      owners.push(pid);
      if (owners.length === 3) stop.abort(new Error('enough'));
    };
    await expect(takeLock(folder.dir, options({ signal: stop.signal, onWaiting }))).rejects.toThrow('enough');
    expect(owners).toEqual([process.pid, process.pid, process.pid]);
    expect(await claimsIn(folder.dir)).toEqual([`0-${process.pid}.json`]);
  });

  it('ends what a killed owner left working, and nothing else', async () => {
    await using folder = await temporaryFolder();
    const [worker, bystander] = [await longRunning(), await longRunning()];
    try {
      const impostor = { ...bystander.identity, startTime: 'long ago' };
      await claim(folder.dir, await deadOwner(), worker.identity);
      await claim(folder.dir, await deadOwner(), impostor);
      await using _lock = await takeLock(folder.dir, options());
      expect(await worker.ended).toEqual([null, 'SIGKILL']);
      expect(identify(bystander.identity.pid)).toEqual(bystander.identity);
    } finally {
      process.kill(bystander.identity.pid, 'SIGKILL');
      await bystander.ended;
    }
  });
});
