import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { writeAtomically } from '../../reporting/atomic-file.ts';
import { openFolderStore } from './folder-store.ts';

// The file handles of Yarn's Plug'n'Play have no `sync` and no `datasync` (FileHandle in @yarnpkg/fslib, which patches node:fs/promises).
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (...args) => {
    const handle = await real.open(...args);
    const notImplemented = () => Promise.reject(new Error('Method not implemented.'));
    return Object.assign(handle, { sync: notImplemented, datasync: notImplemented });
  };
  return { ...real, open };
});

it("E13: the ledger and the records are written where file handles cannot sync, as with Yarn's Plug'n'Play", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-pnp-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeAtomically(join(folder, 'run.json'), '{}');
  const store = openFolderStore(join(folder, 'ledger'));
  expect(await store.create('one.intoto.jsonl', Buffer.from('{}'), new AbortController().signal)).toBe(true);
});
