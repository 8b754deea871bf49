import { resolve } from 'node:path';
import {
  type ExportedRun,
  exportedFromLedger,
  exportedFromRecord,
  type WantedRun,
} from '../../evidence/exports/exported-run.ts';
import { listedOnce } from '../../evidence/ledger/ledger-store.ts';
import { readLedger } from '../../evidence/ledger/read-ledger.ts';
import { verifyLedger } from '../../evidence/ledger/verify-ledger.ts';
import { ExplainedError, namedByCaller, UsageError } from '../../model/errors.ts';
import { runRecordSchema } from '../../model/record.ts';
import type { CommandIo } from '../command-io.ts';
import { readChecked } from '../read-checked.ts';
import { needsUnbrokenLedger, requireUnbroken } from '../unbroken-ledger.ts';
import { openLedger } from '../verify-command.ts';

/**
 * A run by what the command line names: a run record (a path), the id of a run in the ledger, `last`, or `previous`.
 * @param format the format in which it is written. The ledger is verified for one that has no place to say that it is invalid.
 * @throws {ExplainedError} when there is no such run, and for an invalid ledger of which the format cannot say so.
 */
export async function findRun(
  named: string,
  ledger: string | undefined,
  io: CommandIo,
  format?: string,
): Promise<ExportedRun> {
  if (/[/\\]|\.json$/.test(named)) {
    const nextStep = 'Name the run.json that a drill left, such as reports/latest/run.json.';
    const read = () => readChecked(resolve(io.cwd, named), 'run record', runRecordSchema, nextStep);
    return exportedFromRecord(await namedByCaller(read));
  }
  using opened = await openLedger(ledger, io);
  const store = listedOnce(opened);
  if (format !== undefined && needsUnbrokenLedger(format)) {
    const verification = await verifyLedger(store, { keys: [], anchors: [], nowUtc: io.clock.now().utc }, io.signal);
    requireUnbroken(store.at, verification, format);
  }
  const run = await exportedFromLedger(readLedger(store, io.signal, 'newest first'), wantedBy(named));
  if (run !== undefined) return run;
  const isByPlace = named === 'last' || named === 'previous';
  // A name that the ledger does not know is the caller's mistake; a ledger without runs is not.
  const Failure = isByPlace ? ExplainedError : UsageError;
  throw new Failure({
    thing: `ledger ${store.at}`,
    expected: named === 'last' ? 'a run' : named === 'previous' ? 'two runs' : `the run ${named}`,
    observed: named === 'last' ? 'it has none' : named === 'previous' ? 'it has fewer' : 'it has no such run',
    nextStep: isByPlace
      ? 'Run `dr-contracts drill`, or name a run record such as reports/latest/run.json.'
      : 'Run `dr-contracts history --json` to see the ids of the runs.',
  });
}

function wantedBy(named: string): WantedRun {
  if (named === 'last') return { before: 0 };
  return named === 'previous' ? { before: 1 } : { runId: named };
}
