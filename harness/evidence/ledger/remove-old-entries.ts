import type { LedgerEntry } from '../entry.ts';
import { isUnreadable } from './entry-file.ts';
import type { Ledger } from './ledger.ts';
import { readFiles } from './read-ledger.ts';

const DAY_MS = 86_400_000;
/** Old entries are removed in batches, so that not every run writes a checkpoint. */
const BATCH_DAYS = 30;

export interface RemovedEntries {
  readonly removedThrough: number;
  readonly count: number;
}

/**
 * Removes entries that are older than `keepDays`, from the first one on, up to the first one that is younger or cannot be read. Before that it
 * appends a checkpoint, which vouches for the beginning of the chain that is left. A removal that was interrupted is gone on with.
 * @returns undefined when nothing was old enough.
 */
export async function removeOldEntries(
  ledger: Ledger,
  { keepDays, nowUtc }: { readonly keepDays: number; readonly nowUtc: string },
  signal: AbortSignal,
): Promise<RemovedEntries | undefined> {
  const nowMs = Date.parse(nowUtc);
  const removedBefore = new Date(nowMs - keepDays * DAY_MS).toISOString();
  const batchBefore = new Date(nowMs - (keepDays + BATCH_DAYS) * DAY_MS).toISOString();
  const old: string[] = [];
  let last: LedgerEntry | undefined;
  for await (const { name, entry } of readFiles(ledger.store, signal)) {
    if (isUnreadable(entry) || entry.body.at >= (last === undefined ? batchBefore : removedBefore)) break;
    last = entry;
    old.push(name);
  }
  if (last === undefined) return undefined;
  const { sequence: removedThrough, digest } = last;
  await ledger.append({ kind: 'checkpoint', removedThrough, digest, removedBefore, keepDays }, {}, signal);
  await ledger.store.remove(old, signal);
  return { removedThrough, count: old.length };
}
