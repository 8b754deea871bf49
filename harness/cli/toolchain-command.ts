import type { HostSandbox } from '../model/sandbox.ts';
import type { Toolchain, ToolName } from '../model/tools.ts';
import { formatDuration } from '../model/units.ts';
import { renderColumns } from '../reporting/columns.ts';
import { createPlainLines } from '../reporting/plain-lines.ts';
import { createReporterFaults, guardedView } from '../reporting/run-view.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import type { CommandIo } from './command-io.ts';
import type { PartStep } from './drill-parts.ts';
import { StageTimes, TOOLCHAIN } from './stage-times.ts';

/** What the command does, apart from what it prints. */
export interface ToolchainParts {
  /** What the contracts of a project need, on the target that a run takes. */
  neededTools(
    root: string,
    configFile: string | undefined,
    wish: TargetWish | undefined,
    step: PartStep,
  ): Promise<NeededTools>;
  /** Obtains these tools, or every one of the target. */
  obtainTools(needed: NeededTools, step: PartStep): Promise<Toolchain>;
  /** Finds the sandbox of the platform's programs, and installs it where this machine has none. */
  obtainSandbox(step: PartStep): Promise<HostSandbox>;
}

export interface NeededTools {
  readonly target: TargetName;
  /** Undefined for every one, because it is not known which of them are needed. */
  readonly names?: readonly ToolName[] | undefined;
}

export interface ToolchainOptions {
  /** Every tool, whatever the contracts need. */
  readonly all: boolean;
  /** The target whose tools they are; that of the configuration when left out. */
  readonly target?: TargetWish | undefined;
}

/**
 * Obtains the tools that the contracts here need, or every tool where that is not known, and the sandbox. Says where each came from. The progress stays as lines: a build of minutes is worth its history.
 * A machine that refuses the sandbox is noted, since drills without a program of the platform do not need it.
 */
export async function runToolchain(options: ToolchainOptions, io: CommandIo, parts: ToolchainParts): Promise<0> {
  const view = guardedView(
    createPlainLines(io.clock, (line) => void io.stderr.write(`${line}\n`)),
    createReporterFaults(),
  );
  const times = new StageTimes(io.clock);
  const step: PartStep = { clock: io.clock, signal: io.signal, progress: view.onProgress };
  const needed: NeededTools = options.all
    ? { target: options.target === 'docker' ? 'docker' : 'local' }
    : await parts.neededTools(io.cwd, io.config, options.target, step);
  view.onProgress(`target ${needed.target}`);
  if (needed.names !== undefined) view.onProgress('what the contracts here need (--all obtains every tool)');
  view.onStage(TOOLCHAIN);
  const { toolchain, sandbox } = await times.time(TOOLCHAIN, async () => ({
    toolchain: await parts.obtainTools(needed, step),
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
