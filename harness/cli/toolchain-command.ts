import { basename, resolve } from 'node:path';
import type { HostSandbox, Toolchain, ToolName } from '../model/target.ts';
import { counted } from '../model/text.ts';
import { formatDuration, formatSize } from '../model/units.ts';
import { renderColumns } from '../reporting/columns.ts';
import { createPlainLines, createReporterFaults, guardedView } from '../reporting/run-view.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import type { InstalledPack, MadePack } from '../toolchain/pack/index.ts';
import { localToolNames } from '../toolchain/recipes.ts';
import type { CommandIo } from './command-io.ts';
import type { PartStep } from './drill-parts.ts';
import { TOOLCHAIN } from './run-profile.ts';

/** Actions of the command, apart from its output. */
export interface ToolchainParts {
  /** Finds the tools that a project's contracts need, on the target that a run would choose. */
  neededTools(
    root: string,
    configFile: string | undefined,
    wish: TargetWish | undefined,
    step: PartStep,
  ): Promise<NeededTools>;
  /** Obtains these tools, or every tool of the target. */
  obtainTools(needed: NeededTools, step: PartStep): Promise<Toolchain>;
  /** Finds the sandbox of the platform's programs, and installs it where this machine has none. */
  obtainSandbox(step: PartStep): Promise<HostSandbox>;
  /** Obtains these tools (all when undefined), and writes them into a file. */
  packTools(names: readonly ToolName[] | undefined, file: string, step: PartStep): Promise<MadePack>;
  /** Installs the tools in such a file. */
  installPack(file: string, digest: string | undefined, step: PartStep): Promise<InstalledPack>;
  /** Returns a key of these tools' pinned versions. */
  toolchainKey(names: readonly ToolName[]): Promise<string>;
}

interface NeededTools {
  readonly target: TargetName;
  /** Undefined for all, because the needed ones are unknown. */
  readonly names?: readonly ToolName[] | undefined;
}

export interface ToolchainOptions {
  /** Every tool, whatever the contracts need. */
  readonly all: boolean;
  /** Target whose tools are obtained; that of the configuration when left out. */
  readonly target?: TargetWish | undefined;
  /** Only print which builders have to be installed. */
  readonly builders?: boolean;
  /** Only print the key of a cache. */
  readonly key?: boolean;
  /** Write the tools into this file. */
  readonly pack?: string;
  /** Install the tools from this file. */
  readonly from?: string;
  /** Expected digest of that file. */
  readonly digest?: string;
}

/**
 * Obtains the tools that the contracts here need, or every tool where that is unknown, and the sandbox. Prints the source of each. The
 * progress lines stay: a build of minutes deserves its history. A machine that refuses the sandbox is noted, since drills without a program
 * of the platform do not need it. With `pack` it writes the tools into a file, with `from` it installs such a file, with `key` it prints
 * their key.
 */
export async function runToolchain(options: ToolchainOptions, io: CommandIo, parts: ToolchainParts): Promise<0> {
  const view = guardedView(
    createPlainLines(io.clock, (line) => void io.stderr.write(`${line}\n`)),
    createReporterFaults(),
  );
  const step: PartStep = { clock: io.clock, signal: io.signal, progress: view.onProgress };
  if (options.key === true) {
    const { names = localToolNames } = await neededOf(options, io, parts, step);
    io.stdout.write(`${await parts.toolchainKey(names)}\n`);
    return 0;
  }
  if (options.from !== undefined) {
    view.onStage(TOOLCHAIN);
    reportInstalled(await parts.installPack(resolve(io.cwd, options.from), options.digest, step), io);
    return 0;
  }
  const needed = await neededOf(options, io, parts, step);
  view.onProgress(`target ${needed.target}`);
  if (needed.names !== undefined) view.onProgress('what the contracts here need (--all obtains every tool)');
  view.onStage(TOOLCHAIN);
  if (options.pack !== undefined) {
    reportPacked(await parts.packTools(needed.names, resolve(io.cwd, options.pack), step), io);
    return 0;
  }
  const beganMs = io.clock.monotonicMs();
  const toolchain = await parts.obtainTools(needed, step);
  const sandbox = await parts.obtainSandbox(step);
  const durationMs = io.clock.monotonicMs() - beganMs;
  const rows = toolchain.inUse.map(({ name, version, source }) => [name, version, source]);
  if (sandbox.kind === 'bubblewrap') rows.push(['bubblewrap', sandbox.version, sandbox.source]);
  io.stdout.write(`${renderColumns(['tool', 'version', 'from'], rows, traitsOf(io.stdout, io.environment))}\n`);
  io.stdout.write(`\n${counted(rows.length, 'tool')} ready in ${formatDuration(durationMs)}\n`);
  if (sandbox.kind === 'refused') {
    io.stderr.write(`dr-contracts: note: there is no sandbox: ${sandbox.reason}. ${sandbox.fix}\n`);
  }
  return 0;
}

/** Finds the needed tools. A pack and its key contain built programs, so they are for the local target. */
async function neededOf(
  { all, target: wish, key = false, pack }: ToolchainOptions,
  io: CommandIo,
  parts: ToolchainParts,
  step: PartStep,
): Promise<NeededTools> {
  const isBuilt = key || pack !== undefined;
  if (all) return { target: wish === 'docker' && !isBuilt ? 'docker' : 'local' };
  return await parts.neededTools(io.cwd, io.config, isBuilt ? 'local' : wish, step);
}

function reportPacked({ entries, file, sizeBytes, digest }: MadePack, io: CommandIo): void {
  const rows = entries.map(({ label, version }) => [label, version]);
  io.stdout.write(`${renderColumns(['packed', 'version'], rows, traitsOf(io.stdout, io.environment))}\n`);
  io.stdout.write(`\n${file}: ${formatSize(sizeBytes)}, ${digest}\n`);
  io.stdout.write(`Install it elsewhere: npx dr-contracts toolchain --from ${basename(file)} --digest ${digest}\n`);
}

function reportInstalled({ entries, digest }: InstalledPack, io: CommandIo): void {
  const rows = entries.map(({ label, version, isNew }) => [label, version, isNew ? 'installed' : 'was there']);
  io.stdout.write(`${renderColumns(['packed', 'version', 'state'], rows, traitsOf(io.stdout, io.environment))}\n`);
  io.stdout.write(`\nThe pack is whole: ${digest}\n`);
}

export interface BuilderParts extends Pick<ToolchainParts, 'neededTools'> {
  /** Returns the programs that must be installed before these tools can be obtained. */
  neededBuilders(names: readonly ToolName[]): Promise<ReadonlySet<'go' | 'python'>>;
}

/**
 * Runs `toolchain --builders`: prints `go=true` or `go=false`, and the same for Python, for a pipeline that installs them only where
 * something has to be built. GitHub reads the lines as outputs of a step, a shell as variables.
 */
export async function runNeededBuilders(
  { all }: Pick<ToolchainOptions, 'all'>,
  { cwd, config, stdout, clock, signal }: CommandIo,
  parts: BuilderParts,
): Promise<0> {
  const step = { clock, signal, progress: () => undefined };
  // Programs of the docker target come from its images.
  const { names = localToolNames } = all ? {} : await parts.neededTools(cwd, config, 'local', step);
  const builders = await parts.neededBuilders(names);
  for (const name of ['go', 'python'] as const) stdout.write(`${name}=${builders.has(name)}\n`);
  return 0;
}
