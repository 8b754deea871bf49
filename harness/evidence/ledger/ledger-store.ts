import { isAbsolute, resolve } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
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
