import { isAbsolute, resolve } from 'node:path';
import { mapOrdered } from '../../asset-kit/bounded.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { LedgerEntry } from '../entry.ts';
import { decodeEntry, isUnreadable, type StoredEntry, sequenceIn, type UnreadableEntry } from './entry-file.ts';
import type { LedgerStore } from './store.ts';

/**
 * Opens the ledger at that place. It does not read or write yet.
 * @param at a folder, or `s3://bucket/prefix` with the user's own credentials; `?region=…&endpoint=…` if the user's settings lack them.
 * @param folder base of a relative path; without it, the path must be absolute.
 * @throws {ExplainedError} for an invalid address.
 */
export async function openLedgerStore(at: string, folder?: string): Promise<LedgerStore> {
  if (at.startsWith('s3:')) {
    const { openBucketStore } = await import('./bucket-store.ts');
    return openBucketStore(at);
  }
  const { openFolderStore } = await import('./folder-store.ts');
  if (folder === undefined && !isAbsolute(at)) {
    throw new ExplainedError({
      thing: `ledger ${at}`,
      expected: 'an absolute path or s3://bucket/prefix',
      observed: 'it is relative',
      nextStep: 'Write the whole path.',
    });
  }
  return openFolderStore(folder === undefined ? at : resolve(folder, at));
}

/**
 * Returns a store of the same ledger that lists its names only once. All readers see the same entries, and a bucket gets one listing
 * request. Readers do not see entries that are appended later.
 */
export function listedOnce(store: LedgerStore): LedgerStore {
  let listed: readonly string[] | undefined;
  return {
    at: store.at,
    async *names(signal, after = '') {
      listed ??= await Array.fromAsync(store.names(signal));
      for (const name of listed) if (name > after) yield name;
    },
    read: (name, signal) => store.read(name, signal),
    create: (name, bytes, signal) => store.create(name, bytes, signal),
    remove: (names, signal) => store.remove(names, signal),
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

/** Number of entries that are read concurrently, because each read from a bucket has latency. */
const READ_AHEAD = 16;

/** A file of a ledger, with its name. */
export interface FoundEntry {
  readonly name: string;
  readonly entry: StoredEntry | UnreadableEntry;
}

/** Yields every file with the name of an entry, in the order of the names, regardless of its content. */
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
 * Reads the entries of a ledger, one at a time. It checks neither signatures nor the chain: `verifyLedger` does that.
 * @throws {ExplainedError} for an unreadable entry, or one of a later version.
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
