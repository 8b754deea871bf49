import { join } from 'node:path';
import { systemClock } from '../../../clock/clock.ts';
import type { EntryBody } from '../../../evidence/entry.ts';
import { openFolderStore } from '../../../evidence/ledger/folder-store.ts';
import { Ledger } from '../../../evidence/ledger/ledger.ts';
import { never } from '../../../evidence/ledger/testing/made-up-ledger.ts';

export type RunEntries = readonly (EntryBody & { readonly keyId?: string | null })[];

/** Appends runs to the ledger of a project, each entry with its own date. */
export async function appendRuns(folder: string, ...runs: readonly RunEntries[]): Promise<void> {
  let utc = '';
  const clock = { ...systemClock, now: () => ({ utc, monotonicMs: 0 }) };
  using ledger = new Ledger(openFolderStore(join(folder, 'reports/ledger')), undefined, clock);
  for (const { keyId: _, at, ...body } of runs.flat()) {
    utc = at;
    await ledger.append(body, {}, never);
  }
}
