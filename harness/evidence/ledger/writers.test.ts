import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedgerStore } from './ledger-store.ts';
import { never, type TestKey, testKey } from './testing/made-up-ledger.ts';
import { startWriter } from './testing/writer-process.ts';
import { verifyLedger } from './verify-ledger.ts';

// Real processes that append to one folder.

let folder = '';
let key: TestKey;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-writers-'));
  key = await testKey();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const writer = (name: string, runs: number) => startWriter(folder, { name, runs, env: { KEY: key.privatePem } });

const verified = async () => {
  const options = { keys: [key.public], anchors: [], nowUtc: new Date().toISOString() };
  return await verifyLedger(await openLedgerStore(folder), options, never);
};

describe('several processes that append to one ledger', () => {
  it('all succeed, and leave an unbroken chain', async () => {
    const writers = await Promise.all(['a', 'b', 'c'].map((name) => writer(name, 30)));
    for (const { go } of writers) go();
    for (const { ended } of writers) expect(await ended).toEqual([0, null]);
    expect(await verified()).toMatchObject({ verdict: 'valid', entries: 270, runs: 90, faults: [] });
  });

  it('may be killed at any time: no half entry is ever visible, and the others go on', async () => {
    const others = await writer('other', 300);
    others.go();
    for (let victim = 1; victim <= 3; victim += 1) {
      const { child, ended, go, appended } = await writer(`victim${victim}`, 1_000_000);
      go();
      // The writer is in the middle of appending at any of these points.
      for (let told = 0; told < victim * 3; told += 1) await appended();
      child.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
      expect((await verified()).faults).toEqual([]);
    }
    expect(await others.ended).toEqual([0, null]);
    const { verdict, faults, entries } = await verified();
    expect({ verdict, faults }).toEqual({ verdict: 'valid', faults: [] });
    expect((await readdir(folder)).filter((name) => !name.startsWith('.'))).toHaveLength(entries);
  });
});
