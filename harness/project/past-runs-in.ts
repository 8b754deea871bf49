import { pastRunsOf } from '../evidence/history/past-runs.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import type { ReadPastRuns } from '../model/past-run.ts';
import type { LedgerSettings } from './prepare-run.ts';

/** What the project's ledger says of the runs before this one. The ledger is opened each time that somebody asks. */
export function pastRunsIn({ at, folder }: Pick<LedgerSettings, 'at' | 'folder'>, thisRun: string): ReadPastRuns {
  return async (visit, signal) => {
    using store = await openLedgerStore(at, folder);
    return await pastRunsOf(store, thisRun)(visit, signal);
  };
}
