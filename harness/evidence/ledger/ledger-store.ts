import { isAbsolute, resolve } from 'node:path';
import { mapOrdered } from '../../asset-kit/bounded.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { LedgerEntry } from '../entry.ts';
import { decodeEntry, isUnreadable, type StoredEntry, sequenceIn, type UnreadableEntry } from './entry-file.ts';
import type { LedgerStore } from './store.ts';

/**
 * Opens the ledger at that place. Nothing is read or made yet.
 * @param at a folder, or `s3://bucket/prefix` with the user's own credentials; `?region=…&endpoint=…` where the user's settings do not say.
 * @param folder from where a relative path is read; the path has to be absolute when it is left out.
 * @throws {ExplainedError} for an address that is none.
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
 * The same ledger, whose names are listed once however often it is read. Everything that reads it then sees the same entries, and a bucket
 * is asked for its listing once. An entry that is appended later is not seen.
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
