import { pastRunsOf } from '../evidence/history/past-runs.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import type { ReadPastRuns } from '../model/past-run.ts';
import type { LedgerSettings } from './prepare-run.ts';

/** Reads the runs before this one from the project's ledger. Opens the ledger for each query. */
export function pastRunsIn({ at, folder }: Pick<LedgerSettings, 'at' | 'folder'>, thisRun: string): ReadPastRuns {
  return async (visit, signal) => {
    using store = await openLedgerStore(at, folder);
    return await pastRunsOf(store, thisRun)(visit, signal);
  };
}
