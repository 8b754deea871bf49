import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { writeAtomically } from '../../reporting/replaceable-file.ts';
import { openFolderStore } from './folder-store.ts';

// The file handles of Yarn's Plug'n'Play have no `sync` and cannot be disposed of (FileHandle in @yarnpkg/fslib, which patches
// node:fs/promises).
vi.mock('node:fs/promises', async (original) => {
  const notImplemented = () => Promise.reject(new Error('Method not implemented.'));
  return { ...(await original<typeof import('node:fs/promises')>()), open: notImplemented };
});

it("E13: the ledger and the records are written where file handles cannot sync, as with Yarn's Plug'n'Play", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-pnp-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeAtomically(join(folder, 'run.json'), '{}');
  const store = openFolderStore(join(folder, 'ledger'));
  expect(await store.create('one.intoto.jsonl', Buffer.from('{}'), new AbortController().signal)).toBe(true);
});

it('E13: no module of the harness opens a file handle', async () => {
  const harness = new URL('../../', import.meta.url);
  const names = (await readdir(harness, { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const opening: string[] = [];
  for (const name of names) {
    const imports = /import \{([^}]*)\} from 'node:fs\/promises'/.exec(await readFile(new URL(name, harness), 'utf8'));
    if (imports !== null && /\b(?:open|FileHandle)\b/.test(imports[1] ?? '')) opening.push(name);
  }
  expect(opening).toEqual([]);
});
