import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import { counted } from '../model/counted.ts';
import { summaryOf } from '../model/errors.ts';
import { describeSandbox, type HostSandbox, type SandboxWish } from '../model/sandbox.ts';
import { dockerToolNames } from '../model/tools.ts';
import { formatSize } from '../model/units.ts';
import { neededNode } from '../node-version.ts';
import { openProject } from '../project/prepare-run.ts';
import { freeSpaceOf } from '../reporting/out-folder.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { CommandIo } from './command-io.ts';
import type { Check } from './doctor-report.ts';
import { doctorReport, renderDoctorReport } from './doctor-report.ts';
import type { CollectGarbage, Garbage } from './gc-command.ts';

/** What the toolchain says about one tool without obtaining it. */
export interface ToolStatus {
  readonly name: string;
  readonly wantedVersion: string;
  readonly foundVersion?: string | undefined;
  readonly source?: string | undefined;
  readonly path?: string | undefined;
  readonly missing?: boolean | string | undefined;
  readonly fix?: string | undefined;
}

export interface BuilderStatus extends ToolStatus {
  readonly needed: boolean;
}

export interface DoctorParts {
  inspectToolchain(): Promise<readonly ToolStatus[]>;
  /** The programs that the contracts of a project need; undefined, or left out, where that is not known. */
  neededTools?(root: string, configFile: string | undefined): Promise<readonly string[] | undefined>;
  /** Go and Python, and whether these programs, which are missing, need them. */
  inspectBuilders(missing: readonly string[]): Promise<readonly BuilderStatus[]>;
  /** The docker daemon and the images: what the docker target needs beside tools. */
  inspectDocker(): Promise<readonly ToolStatus[]>;
  /** The sandbox of the platform's programs. Left out where it is not looked at. */
  inspectSandbox?(wish: SandboxWish): Promise<HostSandbox>;
  collectGarbage: CollectGarbage;
}

const OBTAIN = 'npx dr-contracts toolchain';

/** Only the docker target needs them: the local one runs without. */
const DOCKER_ONLY: readonly string[] = dockerToolNames;

/** A first build of the Go tools and its caches need about this much. */
const WANTED_FREE_BYTES = 4 * 2 ** 30;
/** Below this a drill itself is at risk. */
const NEEDED_FREE_BYTES = 2 ** 29;

/** Lists every part with what is missing and its fix. Exit 0 when the drills of the contracts here could start now, 2 otherwise. */
export async function runDoctor(
  options: { readonly json: boolean },
  io: CommandIo,
  parts: DoctorParts,
): Promise<0 | 2> {
  const needed = await parts.neededTools?.(io.cwd, io.config);
  const tools = (await parts.inspectToolchain()).map((tool) => {
    if (DOCKER_ONLY.includes(tool.name)) return checkOptional(tool);
    return needed === undefined || needed.includes(tool.name) ? checkTool(tool) : checkUnneeded(tool);
  });
  const docker = (await parts.inspectDocker()).map(checkOptional);
  const sandbox = parts.inspectSandbox === undefined ? [] : await sandboxOfProject(io, parts.inspectSandbox);
  const garbage = await parts.collectGarbage({ dryRun: true });
  const missing = tools.filter(({ state }) => state === 'missing').map(({ name }) => name);
  const report = doctorReport([
    ...tools,
    ...docker,
    ...sandbox,
    checkNode(),
    ...(await parts.inspectBuilders(missing)).map(checkBuilder),
    await checkScratch(garbage.scratchRoot),
    await checkFreeSpace(garbage.scratchRoot),
    checkLeftovers(garbage),
  ]);
  io.stdout.write(
    options.json
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : renderDoctorReport(report, traitsOf(io.stdout, io.environment)),
  );
  return report.ready ? 0 : 2;
}

export function checkTool(tool: ToolStatus): Check {
  const isMissing = typeof tool.missing === 'string' || tool.missing === true || tool.foundVersion === undefined;
  return {
    name: tool.name,
    state: isMissing ? 'missing' : 'ok',
    wanted: tool.wantedVersion,
    found: tool.foundVersion ?? '-',
    from: tool.source ?? '-',
    ...(typeof tool.missing === 'string' ? { problem: tool.missing } : {}),
    ...(isMissing ? { fix: tool.fix ?? OBTAIN } : {}),
  };
}

/** Without it a drill can start, and what depends on a program on this machine is `unproven`. */
export function checkSandbox(sandbox: HostSandbox): Check {
  const check = { name: 'sandbox', wanted: 'bubblewrap' };
  if (sandbox.kind === 'bubblewrap') {
    return { ...check, state: 'ok', found: describeSandbox(sandbox), from: sandbox.path };
  }
  if (sandbox.kind === 'none') {
    return { ...check, state: 'note', found: 'none', from: '-', problem: sandbox.reason };
  }
  return { ...check, state: 'note', found: '-', from: '-', problem: sandbox.reason, fix: sandbox.fix };
}

/** What the project's drills will use. Without a readable configuration, nobody can tell. */
async function sandboxOfProject(
  io: CommandIo,
  inspect: NonNullable<DoctorParts['inspectSandbox']>,
): Promise<readonly Check[]> {
  let wish: SandboxWish;
  try {
    wish = (await openProject(io.cwd, io.config)).config.sandbox;
  } catch (error) {
    const fix = 'Correct the configuration.';
    const check = { name: 'configuration', wanted: 'readable', found: '-', from: io.cwd };
    return [{ ...check, state: 'missing', problem: summaryOf(error), fix }];
  }
  return [checkSandbox(await inspect(wish))];
}

function checkNode(): Check {
  return {
    name: 'node',
    state: 'ok',
    wanted: `${neededNode()} or newer`,
    found: process.versions.node,
    from: process.execPath,
  };
}

/** Where nothing that is missing needs it, its absence is a note. */
export function checkBuilder(builder: BuilderStatus): Check {
  return builder.needed ? checkTool(builder) : checkOptional(builder);
}

/** A drill can start without it. */
function checkOptional(tool: ToolStatus): Check {
  const check = checkTool(tool);
  return check.state === 'missing' ? { ...check, state: 'note' } : check;
}

/** No contract of the project needs it, so its absence keeps no drill from starting. */
function checkUnneeded(tool: ToolStatus): Check {
  const check = checkTool(tool);
  if (check.state !== 'missing') return check;
  return {
    ...check,
    state: 'note',
    problem: `${check.problem ?? 'not found'}; no contract here needs it`,
    fix: check.fix === OBTAIN ? `${OBTAIN} --all` : (check.fix ?? OBTAIN),
  };
}

async function checkScratch(root: string): Promise<Check> {
  const check = { name: 'scratch folder', wanted: 'writable', from: root };
  try {
    // Only an attempt shows whether it can be made: /proc looks writable.
    await makeFolder(root, 0o700);
    await access(root, constants.W_OK | constants.X_OK);
    return { ...check, state: 'ok', found: 'writable' };
  } catch (error) {
    const fix = 'Set DR_CONTRACTS_SCRATCH to a folder that you can write.';
    return { ...check, state: 'missing', found: '-', problem: summaryOf(error), fix };
  }
}

async function checkFreeSpace(root: string): Promise<Check> {
  const freeBytes = await freeSpaceOf(await nearestExisting(root));
  const check = { name: 'free disk', wanted: formatSize(WANTED_FREE_BYTES), from: root };
  if (freeBytes === undefined) return { ...check, state: 'note', found: '-', problem: 'the file system does not say' };
  const found = formatSize(freeBytes);
  if (freeBytes >= WANTED_FREE_BYTES) return { ...check, state: 'ok', found };
  return {
    ...check,
    state: freeBytes < NEEDED_FREE_BYTES ? 'missing' : 'note',
    found,
    problem: `${found} free; a first build of the toolchain needs about ${formatSize(WANTED_FREE_BYTES)}`,
    fix: 'Free some space, or set DR_CONTRACTS_SCRATCH to a folder on another disk.',
  };
}

function checkLeftovers(garbage: Garbage): Check {
  const inDocker = garbage.docker ?? [];
  const count = new Set([...garbage.collected.map(({ id }) => id), ...inDocker.map(({ sessionId }) => sessionId)]).size;
  const check = { name: 'leftovers', wanted: 'none', from: garbage.scratchRoot };
  if (count === 0) return { ...check, state: 'ok', found: 'none' };
  const processes = garbage.collected.reduce((sum, session) => sum + session.killed.length, 0);
  return {
    ...check,
    state: 'note',
    found: String(count),
    problem: `${counted(count, 'dead session')} with ${counted(processes, 'running process', 'running processes')}${inDocker.length === 0 ? '' : ', and containers or clusters in docker'}`,
    fix: 'npx dr-contracts gc',
  };
}

async function nearestExisting(path: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch (error) {
    if (dirname(path) === path) throw error;
    return nearestExisting(dirname(path));
  }
}
