import { mapOrdered } from '../../asset-kit/bounded.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { LedgerEntry } from '../entry.ts';
import { decodeEntry, isUnreadable, type StoredEntry, sequenceIn, type UnreadableEntry } from './entry-file.ts';
import type { LedgerStore } from './store.ts';

/** Entries that are read at the same time: a bucket answers each after its latency. */
const READ_AHEAD = 16;

/** A file of a ledger, with the name under which it lies. */
export interface FoundEntry {
  readonly name: string;
  readonly entry: StoredEntry | UnreadableEntry;
}

/** Every file that is named as an entry, in the order of the names, whatever is in it. */
export async function* readFiles(
  store: LedgerStore,
  signal: AbortSignal,
  order: 'oldest first' | 'newest first' = 'oldest first',
): AsyncGenerator<FoundEntry, void, undefined> {
  const names = order === 'oldest first' ? store.names(signal) : (await Array.fromAsync(store.names(signal))).reverse();
  yield* mapOrdered(entriesAmong(names), READ_AHEAD, async (name) => ({
    name,
    entry: decodeEntry(await store.read(name, signal)),
  }));
}

async function* entriesAmong(names: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const name of names) if (sequenceIn(name) !== undefined) yield name;
}

/**
 * Reads the entries of a ledger, one at a time. Neither signatures nor the chain are checked: `verifyLedger` does that.
 * @throws {ExplainedError} for an entry that cannot be read, or that a later version wrote.
 */
export async function* readLedger(
  store: LedgerStore,
  signal: AbortSignal,
  order: 'oldest first' | 'newest first' = 'oldest first',
): AsyncGenerator<LedgerEntry, void, undefined> {
  for await (const { name, entry } of readFiles(store, signal, order)) {
    if (isUnreadable(entry)) throw unreadable(store, name, entry);
    const { envelopes: _, ...plain } = entry;
    yield plain;
  }
}

export function unreadable(store: LedgerStore, name: string, { reason, isNewer }: UnreadableEntry): ExplainedError {
  return new ExplainedError({
    thing: `entry ${name} of the ledger ${store.at}`,
    expected: isNewer ? 'an entry that this version of dr-contracts can read' : 'an entry as dr-contracts wrote it',
    observed: reason,
    nextStep: isNewer
      ? 'Update dr-contracts. The ledger is left as it is.'
      : 'Run `dr-contracts verify` to see what else is wrong. The ledger is left as it is.',
  });
}
