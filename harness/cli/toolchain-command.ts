import type { HostSandbox } from '../model/sandbox.ts';
import type { Toolchain } from '../model/tools.ts';
import { formatDuration } from '../model/units.ts';
import { renderColumns } from '../reporting/columns.ts';
import { createPlainLines } from '../reporting/plain-lines.ts';
import { createReporterFaults, guardedView } from '../reporting/run-view.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { CommandIo } from './command-io.ts';
import type { PartStep } from './drill-parts.ts';
import { StageTimes, TOOLCHAIN } from './stage-times.ts';

/** What the command does, apart from what it prints. */
export interface ToolchainParts {
  obtainEveryTool(step: PartStep): Promise<Toolchain>;
  /** Finds the sandbox of the platform's programs, and installs it where this machine has none. */
  obtainSandbox(step: PartStep): Promise<HostSandbox>;
}

/**
 * Obtains every tool and the sandbox, and says where each came from. The progress stays as lines: a build of minutes is worth its history.
 * A machine that refuses the sandbox is noted, since drills without a program of the platform do not need it.
 */
export async function runToolchain(io: CommandIo, parts: ToolchainParts): Promise<0> {
  const view = guardedView(
    createPlainLines(io.clock, (line) => void io.stderr.write(`${line}\n`)),
    createReporterFaults(),
  );
  const times = new StageTimes(io.clock);
  const step: PartStep = { clock: io.clock, signal: io.signal, progress: view.onProgress };
  view.onStage(TOOLCHAIN);
  const { toolchain, sandbox } = await times.time(TOOLCHAIN, async () => ({
    toolchain: await parts.obtainEveryTool(step),
    sandbox: await parts.obtainSandbox(step),
  }));
  const rows = toolchain.inUse.map(({ name, version, source }) => [name, version, source]);
  if (sandbox.kind === 'bubblewrap') rows.push(['bubblewrap', sandbox.version, sandbox.source]);
  const [{ durationMs } = { durationMs: 0 }] = times.mergedWith([]);
  io.stdout.write(`${renderColumns(['tool', 'version', 'from'], rows, traitsOf(io.stdout, io.environment))}\n`);
  io.stdout.write(`\n${rows.length} ${rows.length === 1 ? 'tool' : 'tools'} ready in ${formatDuration(durationMs)}\n`);
  if (sandbox.kind === 'refused') {
    io.stderr.write(`dr-contracts: note: there is no sandbox: ${sandbox.reason}. ${sandbox.fix}\n`);
  }
  return 0;
}
