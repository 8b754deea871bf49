import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFolderStore } from '../evidence/ledger/folder-store.ts';
import { never } from '../evidence/ledger/testing/made-up-ledger.ts';
import { verifyLedger } from '../evidence/ledger/verify-ledger.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-full-run-'));
  await mkdir(join(folder, 'contracts'));
  await writeFile(join(folder, 'contracts', 'one.spec.ts'), '');
  await writeFile(join(folder, 'dr-contracts.config.ts'), "export default { ledger: { at: 'disk/ledger' } };");
  await mkdir(join(folder, 'disk'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Three runs whose ledger is on a separate file system: the first and the third have free space, the second has none. */
const THREE_RUNS = `
mount -t tmpfs -o size=128k none "$1/disk"
run() { code=0; "$2" "$3" "$1" 2>"$1/told-$4" >/dev/null || code=$?; echo "$code" >"$1/code-$4"; }
run "$1" "$2" "$3" 1
if dd if=/dev/zero of="$1/disk/filler" bs=1k count=1000 2>/dev/null; then echo 'the disk is not full' >&2; exit 1; fi
run "$1" "$2" "$3" 2
cp -a "$1/disk/ledger" "$1/ledger-2"
rm "$1/disk/filler"
run "$1" "$2" "$3" 3
cp -a "$1/disk/ledger" "$1/ledger-3"
tail -n +1 "$1"/told-* "$1"/code-*
`;
const CHILD = fileURLToPath(new URL('testing/drill-with-stubs.ts', import.meta.url));

const kept = async (name: string) => {
  const options = { keys: [], anchors: [], nowUtc: new Date().toISOString() };
  const { verdict, entries, runs, faults } = await verifyLedger(openFolderStore(join(folder, name)), options, never);
  return { verdict, entries, runs, faults };
};

test('a run whose ledger is on a full disk says so and exits 2, loses nothing, and the next run appends it', async () => {
  const { stdout } = await execa('unshare', [
    ...['--user', '--map-root-user', '--mount', 'sh', '-ec', THREE_RUNS, 'sh'],
    ...[folder, process.execPath, CHILD],
  ]);
  const [, first = '', second = '', third = '', ...codes] = stdout.split(/^==> .* <==$/m);
  expect(codes.map((code) => code.trim())).toEqual(['0', '2', '0']);
  expect(first).not.toContain('ledger');
  expect(second.replaceAll(/\s+/g, ' ')).toMatch(
    /the ledger \S+ lacks 3 entries of this run: .*the disk is full \(ENOSPC.* The run's records are kept, and the next run appends them\./,
  );
  expect(third).toMatch(/the ledger now holds run \S+, too: 3 entries were missing/);
  expect(await kept('ledger-2')).toEqual({ verdict: 'unsigned', entries: 3, runs: 1, faults: [] });
  expect(await kept('ledger-3')).toEqual({ verdict: 'unsigned', entries: 9, runs: 3, faults: [] });
  expect((await readdir(join(folder, 'ledger-3'))).every((name) => name.endsWith('.intoto.jsonl'))).toBe(true);
});
