import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLedgerStore } from './ledger-store.ts';
import { never, type TestKey, testKey } from './testing/made-up-ledger.ts';
import { verifyLedger } from './verify-ledger.ts';

let folder = '';
let key: TestKey;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-full-'));
  key = await testKey();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A script that appends to a file system of 256 kB, and then copies its content. The file system disappears with its namespace. */
const UNTIL_FULL = `
mount -t tmpfs -o size=256k none "$1/disk"
code=0; "$2" "$3" "$1/disk" full 1000 > "$1/runs" || code=$?
cp -a "$1/disk" "$1/copy"
exit $code
`;
const CHILD = fileURLToPath(new URL('testing/append-child.ts', import.meta.url));

test('on a full disk an append fails with one message, and what was there stays whole', async () => {
  await mkdir(join(folder, 'disk'));
  const namespace = ['--user', '--map-root-user', '--mount', 'sh', '-ec', UNTIL_FULL, 'sh'];
  const { exitCode, stderr } = await execa('unshare', [...namespace, folder, process.execPath, CHILD], {
    env: { KEY: key.privatePem },
    input: '',
    reject: false,
  });
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`ledger ${folder}/disk: expected to be usable, but the disk is full (ENOSPC`);
  const copy = join(folder, 'copy');
  expect((await readdir(copy)).every((name) => name.endsWith('.intoto.jsonl'))).toBe(true);
  const options = { keys: [key.public], anchors: [], nowUtc: new Date().toISOString() };
  const { verdict, entries, faults } = await verifyLedger(await openLedgerStore(copy), options, never);
  expect({ verdict, faults }).toEqual({ verdict: 'valid', faults: [] });
  expect(entries).toBeGreaterThan(10);
});
