import type { Toolchain } from '../model/tools.ts';
import { formatDuration } from '../model/units.ts';
import { renderColumns } from '../reporting/columns.ts';
import { createPlainLines } from '../reporting/plain-lines.ts';
import { createReporterFaults, guardedView } from '../reporting/run-view.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { CommandIo } from './command-io.ts';
import type { PartStep } from './drill-parts.ts';
import { StageTimes, TOOLCHAIN } from './stage-times.ts';

/** Obtains every tool, and says where each came from. The progress stays as lines: a build of minutes is worth its history. */
export async function runToolchain(io: CommandIo, obtainAll: (step: PartStep) => Promise<Toolchain>): Promise<0> {
  const view = guardedView(
    createPlainLines(io.clock, (line) => void io.stderr.write(`${line}\n`)),
    createReporterFaults(),
  );
  const times = new StageTimes(io.clock);
  const step: PartStep = { clock: io.clock, signal: io.signal, progress: view.onProgress };
  view.onStage(TOOLCHAIN);
  const toolchain = await times.time(TOOLCHAIN, () => obtainAll(step));
  const rows = toolchain.inUse.map(({ name, version, source }) => [name, version, source]);
  const [{ durationMs } = { durationMs: 0 }] = times.mergedWith([]);
  io.stdout.write(`${renderColumns(['tool', 'version', 'from'], rows, traitsOf(io.stdout, io.environment))}\n`);
  io.stdout.write(`\n${rows.length} tools ready in ${formatDuration(durationMs)}\n`);
  return 0;
}
