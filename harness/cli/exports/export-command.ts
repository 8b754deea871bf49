import { resolve } from 'node:path';
import {
  type ExportedRun,
  exportedFromLedger,
  exportedFromRecord,
  type WantedRun,
} from '../../evidence/exports/exported-run.ts';
import { isStateFormat } from '../../evidence/exports/format-names.ts';
import { type Series, SeriesCollector, seriesOfLedger } from '../../evidence/exports/series.ts';
import { exportRun, exportState } from '../../evidence/exports/write-export.ts';
import { allowedWaivers, type Waiver } from '../../evidence/gate/waivers.ts';
import { listedOnce, readLedger } from '../../evidence/ledger/ledger-store.ts';
import { verifyLedger } from '../../evidence/ledger/verify-ledger.ts';
import { ExplainedError, namedByCaller, UsageError } from '../../model/errors.ts';
import { runRecordSchema } from '../../model/run-record.ts';
import { baseNamed, findBase, loadWaiverLimits, loadWaivers } from '../../project/gate-files.ts';
import { openProject } from '../../project/prepare-run.ts';
import { writeAtomically } from '../../reporting/replaceable-file.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { CommandIo } from '../command-io.ts';
import { readChecked } from '../read-checked.ts';
import { needsUnbrokenLedger, openLedger, requireOwnOut, requireUnbroken } from '../verify-command.ts';
import type { ExportOptions } from './evidence-options.ts';

/** Writes results in one format. Returns 0 whatever the verdicts are: the gate decides, an export reports. */
export async function runExport(options: ExportOptions, io: CommandIo): Promise<0> {
  if (options.out !== undefined) await requireOwnOut(options.out, options, io);
  const waivers = await waiversOf(options, io);
  await write(await piecesOf(options, waivers, io), options.out, io);
  return 0;
}

async function piecesOf(
  { format, run, ledger }: ExportOptions,
  waivers: readonly Waiver[],
  io: CommandIo,
): Promise<Iterable<string>> {
  if (!isStateFormat(format)) {
    const found = await findRun(run ?? 'last', ledger, io, format);
    return exportRun(format, found, waivers, Date.parse(io.clock.now().utc));
  }
  if (run !== undefined) return exportState(format, seriesOfRun(await findRun(run, ledger, io), waivers));
  using store = await openLedger(ledger, io);
  return exportState(format, await seriesOfLedger(readLedger(store, io.signal, 'newest first'), waivers));
}

function seriesOfRun({ promises, drills, postures }: ExportedRun, waivers: readonly Waiver[]): readonly Series[] {
  const collector = new SeriesCollector();
  if (promises !== null) collector.addPromises(promises);
  for (const record of drills) collector.addDrill(record);
  for (const record of postures) collector.addPosture(record);
  return collector.series(waivers);
}

/**
 * Returns the waivers that the policy allows. Waivers and policy are read from the base branch when the pipeline names one, as the gate
 * does: a pull request must not waive its own breach.
 */
export async function waiversOf(
  { waivers: named }: Pick<ExportOptions, 'waivers'>,
  io: CommandIo,
): Promise<readonly Waiver[]> {
  const { folder } = await openProject(io.cwd, io.config);
  const baseName = baseNamed(io.environment);
  const base = baseName === undefined ? undefined : await findBase(folder, baseName, io.signal);
  const places = { folder, base, waivers: named };
  const { waivers } = await loadWaivers(places);
  if (waivers.length === 0) return waivers;
  return allowedWaivers(waivers, await loadWaiverLimits(places, io), Date.parse(io.clock.now().utc));
}

async function write(pieces: Iterable<string>, out: string | undefined, io: CommandIo): Promise<void> {
  const text = [...pieces].join('');
  if (out === undefined) io.stdout.write(text);
  else await explaining(`export ${out}`, () => writeAtomically(resolve(io.cwd, out), text));
}

/**
 * Finds the run that the command line names: a run record (a path), the id of a run in the ledger, `last`, or `previous`.
 * @param format the output format. For a format that cannot say that the ledger is invalid, the ledger is verified.
 * @throws {ExplainedError} when there is no such run, and for an invalid ledger in a format that cannot say so.
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
  // A name that is missing from the ledger is the caller's mistake; a ledger without runs is not.
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
