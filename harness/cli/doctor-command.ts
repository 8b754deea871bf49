import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../base/files.ts';
import type { ProjectNeeds } from '../contract/wanted-parts.ts';
import { summaryOf } from '../model/errors.ts';
import { describeSandbox, type HostSandbox, type SandboxWish } from '../model/target.ts';
import { counted } from '../model/text.ts';
import { formatSize } from '../model/units.ts';
import { neededNode } from '../node-version.ts';
import { openProject, type Project } from '../project/prepare-run.ts';
import { renderColumns } from '../reporting/columns.ts';
import { freeSpaceOf } from '../reporting/out-folder.ts';
import { paletteFor, type TerminalTraits, traitsOf } from '../reporting/terminal.ts';
import { inWords, wrapWords } from '../reporting/text.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import type { CommandIo } from './command-io.ts';
import {
  type BuilderStatus,
  type Check,
  type CheckState,
  checkDockerPart,
  checkNeededBuilder,
  checkNeededTool,
  haltChecks,
  type ToolStatus,
} from './doctor-checks.ts';
import type { CollectGarbage, Garbage } from './gc-command.ts';

export interface DoctorOptions {
  readonly json: boolean;
  /** Target of the run in question; that of the configuration when left out. */
  readonly target?: TargetWish | undefined;
}

export interface DoctorParts {
  /** Inspects every program, as a run on that target would find it. */
  inspectToolchain(target: TargetName): Promise<readonly ToolStatus[]>;
  /** Finds the needs of a project's contracts, on the target that a run would choose; unknown where left out. */
  needs?(root: string, configFile: string | undefined, wish: TargetWish | undefined): Promise<ProjectNeeds>;
  /** Inspects Go and Python, and whether these missing programs need them. */
  inspectBuilders(missing: readonly string[]): Promise<readonly BuilderStatus[]>;
  /** Inspects the docker daemon and the images, which the docker target needs beside tools. */
  inspectDocker(): Promise<readonly ToolStatus[]>;
  /** Inspects the sandbox of the platform's programs. Left out where it is not inspected. */
  inspectSandbox?(wish: SandboxWish): Promise<HostSandbox>;
  collectGarbage: CollectGarbage;
}

/** A first build of the Go tools and its caches need about this much. */
const WANTED_FREE_BYTES = 4 * 2 ** 30;
/** Below this a drill itself is at risk. */
const NEEDED_FREE_BYTES = 2 ** 29;

/** Lists every part with its problem and the fix. Exit 0 when the drills of the contracts here could start now, 2 otherwise. */
export async function runDoctor(options: DoctorOptions, io: CommandIo, parts: DoctorParts): Promise<0 | 2> {
  const needs = (await parts.needs?.(io.cwd, io.config, options.target)) ?? { target: 'local' };
  const tools = (await parts.inspectToolchain(needs.target)).map((status) => ({
    status,
    check: checkNeededTool(status, needs),
  }));
  const docker = (await parts.inspectDocker()).map((part) => checkDockerPart(part, needs));
  const ofProject = await checksOfProject(io, parts.inspectSandbox);
  const garbage = await parts.collectGarbage({ dryRun: true });
  const missing = tools.filter(({ check }) => check.state === 'missing').map(({ check }) => check.name);
  const report = doctorReport([
    ...(parts.needs === undefined ? [] : [checkTarget(needs.target, options.target)]),
    ...tools.map(({ check }) => check),
    ...docker,
    ...ofProject,
    checkNode(),
    ...(await parts.inspectBuilders(missing)).map((builder) => checkNeededBuilder(builder, tools)),
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

/** Returns the check that names the target of the other checks. */
const checkTarget = (target: TargetName, wish: TargetWish | undefined): Check => ({
  name: 'target',
  state: 'ok',
  wanted: wish ?? 'as configured',
  found: target,
  from: '-',
});

/** Checks the sandbox. Without it a drill can start, but results that depend on a program on this machine are `unproven`. */
function checkSandbox(sandbox: HostSandbox): Check {
  const check = { name: 'sandbox', wanted: 'bubblewrap' };
  if (sandbox.kind === 'bubblewrap') {
    return { ...check, state: 'ok', found: describeSandbox(sandbox), from: sandbox.path };
  }
  if (sandbox.kind === 'none') {
    return { ...check, state: 'note', found: 'none', from: '-', problem: sandbox.reason };
  }
  return { ...check, state: 'note', found: '-', from: '-', problem: sandbox.reason, fix: sandbox.fix };
}

/**
 * Checks the sandbox that the project's drills will use, and the reasons that halt its roll-out. Both are unknown without a readable
 * configuration.
 */
async function checksOfProject(io: CommandIo, inspect: DoctorParts['inspectSandbox']): Promise<readonly Check[]> {
  let project: Project;
  try {
    project = await openProject(io.cwd, io.config);
  } catch (error) {
    const fix = 'Correct the configuration.';
    const check = { name: 'configuration', wanted: 'readable', found: '-', from: io.cwd };
    return [{ ...check, state: 'missing', problem: summaryOf(error), fix }];
  }
  const sandbox = inspect === undefined ? [] : [checkSandbox(await inspect(project.config.sandbox))];
  return [...sandbox, ...(await haltChecks(project))];
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

async function checkScratch(root: string): Promise<Check> {
  const check = { name: 'scratch folder', wanted: 'writable', from: root };
  try {
    // Only an attempt shows whether it can be created: /proc looks writable.
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
  if (freeBytes === undefined)
    return { ...check, state: 'note', found: '-', problem: 'the file system does not report it' };
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

interface DoctorReport {
  /** True when a drill could start now. */
  readonly ready: boolean;
  readonly checks: readonly Check[];
}

export function doctorReport(checks: readonly Check[]): DoctorReport {
  return { ready: checks.length > 0 && checks.every((check) => check.state !== 'missing'), checks };
}

export function renderDoctorReport(report: DoctorReport, traits: TerminalTraits): string {
  const palette = paletteFor(traits);
  const paint = (state: CheckState) =>
    palette.verdict(state === 'ok' ? 'met' : state === 'note' ? 'at-risk' : 'breached', state);
  // Digests are for the record; a table has no space for them.
  const rows = report.checks.map(({ name, wanted, found, from, state }) => [
    name,
    wanted,
    found,
    from.replace(/ \(sha256:[0-9a-f]+\)$/, ''),
    paint(state),
  ]);
  const problems = sameProblems(report.checks).map(({ names, state, problem, contracts, fix }) => {
    const cost =
      contracts.length === 0
        ? ''
        : `; without ${names.length === 1 ? 'it' : 'them'}, nothing proves ${inWords(contracts)}`;
    const said = wrapWords(`${paint(state)} ${palette.bold(inWords(names))}: ${problem}${cost}`, traits.columns, '  ');
    return fix === undefined ? said : `${said}\n  Fix: ${fix}`;
  });
  const missing = report.checks.filter((check) => check.state === 'missing').length;
  const last = report.ready ? 'A drill can start now.' : `A drill cannot start: ${missing} missing.`;
  return `${[renderColumns(['part', 'wanted', 'found', 'from', 'state'], rows, traits), ...problems, last].join('\n\n')}\n`;
}

interface Problem {
  readonly names: readonly string[];
  readonly state: CheckState;
  readonly problem: string;
  readonly contracts: readonly string[];
  readonly fix: string | undefined;
}

/** Returns each problem once: ten tools that lack the same build are one problem with one fix. */
function sameProblems(checks: readonly Check[]): readonly Problem[] {
  const found = checks.filter((check) => check.state !== 'ok');
  const alike = Map.groupBy(found, ({ state, problem, fix }) => JSON.stringify([state, problem, fix]));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { state, problem = 'not found', fix } = first;
    const contracts = [...new Set(group.flatMap((check) => check.contracts ?? []))];
    return [{ names: group.map((check) => check.name), state, problem, contracts, fix }];
  });
}
