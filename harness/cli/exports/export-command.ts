import { resolve } from 'node:path';
import type { ExportedRun } from '../../evidence/exports/exported-run.ts';
import { type Series, SeriesCollector, seriesOfLedger } from '../../evidence/exports/series.ts';
import { exportRun, exportState, isStateFormat } from '../../evidence/exports/write-export.ts';
import { allowedWaivers, type Waiver } from '../../evidence/gate/waivers.ts';
import { readLedger } from '../../evidence/ledger/read-ledger.ts';
import { baseNamed, findBase } from '../../project/base-branch.ts';
import { loadWaiverLimits, loadWaivers } from '../../project/gate-files.ts';
import { openProject } from '../../project/prepare-run.ts';
import { writeAtomically } from '../../reporting/atomic-file.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger, requireOwnOut } from '../verify-command.ts';
import type { ExportOptions } from './evidence-options.ts';
import { findRun } from './find-run.ts';

/** Writes results in one format. 0 whatever the verdicts are: the gate decides, an export tells. */
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
 * The waivers that the policy allows. Both are read from the base branch when the pipeline names one, as the gate reads them: a pull
 * request must not waive its own breach.
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
