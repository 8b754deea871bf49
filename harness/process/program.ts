import { cp, lstat, mkdir, readdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { ExplainedError, NotProvableHereError } from '../model/errors.ts';
import type { HostSandbox } from '../model/target.ts';
import { findOnPath, type StartingPlace, startProblem } from './named-program.ts';
import { KEPT_OUTPUT_BYTES, Warnings } from './output.ts';
import { type Ended, execute, observedEnding } from './run.ts';
import {
  bubblewrapArguments,
  bubblewrapInstructions,
  isSystemPath,
  type Mount,
  type Sandbox,
  systemMounts,
} from './sandbox/arguments.ts';
import { installedPrograms, isInside, mountsOfProgram } from './sandbox/installed.ts';
import { HOME, type LeftFile, leftOn, type Machine, newMachine, TOOLS, WORK } from './sandbox/machine.ts';
import { normalisedPlace, orderedMounts, projectMounts, roomFor } from './sandbox/mounts.ts';
import { lendPlaces } from './without-sandbox.ts';

/** A program of the platform, with its inputs. */
export interface Program {
  /** Name for messages, e.g. `restore ops/restore.sh`. */
  readonly name: string;
  /** An absolute path as the program finds it, or a name that is looked up on its PATH. */
  readonly file: string;
  /** The path as the author of the contract wrote it, for advice; `file` when left out. */
  readonly written?: string | undefined;
  readonly args: readonly string[];
  /** Variables in addition to those of every program. They may replace `HOME`, `WORK_DIR` and the like. */
  readonly variables: Readonly<Record<string, string>>;
  /** An absolute path as the program finds it; its work folder when left out, or when there is no such folder. */
  readonly workingDirectory?: string | undefined;
  /** Name of the machine on which it runs, which it sees as its host name. */
  readonly machine: string;
  /** Folders whose repositories it may read: the project and the platform's folder. */
  readonly reads: readonly string[];
  /** Absolute paths of the contract's own scripts: their folders may be read, too. */
  readonly scripts?: readonly string[];
  /** Its image in production. It may hold programs that this machine lacks, so a missing program is no broken promise. */
  readonly image?: string | undefined;
  readonly onStarted?: (() => void) | undefined;
  /** Called for each line of its output as it comes. The line may still contain secrets. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Volumes, and files that the drill passes to it by name. */
  readonly mounts?: readonly Mount[];
  /** Files to copy onto the machine before the start: those of another machine that production keeps. */
  readonly brought?: readonly { readonly from: string; readonly to: string }[] | undefined;
  /** Absolute paths to copy off the machine after the end, each with its destination. */
  readonly keeps?: readonly { readonly path: string; readonly to: string }[] | undefined;
  /** Command-line programs by their plain names, first on PATH. */
  readonly tools: Readonly<Record<string, string>>;
  readonly nextStep?: string | undefined;
}

export interface ProgramOptions {
  readonly sandbox: HostSandbox;
  /** Folder of this machine below which the program's machine is made. */
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  /** Removes secrets from a text. */
  readonly redact: (text: string) => string;
}

/** Output and leftovers of a program, without secrets. */
export interface ProgramRun {
  /** End of its output, standard error after standard output. */
  readonly output: string;
  /** The first hundred warnings. */
  readonly warnings: readonly string[];
  /** Files that it left on its machine outside its mounts. They are lost with the machine. Unknown for a pod. */
  readonly left?: readonly LeftFile[];
  /** Those of `keeps` that existed. */
  readonly kept?: readonly string[];
}

/**
 * Runs a program of the platform to its end: in a sandbox, on a machine of its own that is removed afterwards. Its whole environment is
 * `PATH`, `HOME`, `USER`, `LOGNAME`, `LANG`, `TZ`, `TMPDIR`, `WORK_DIR` and its variables.
 * @throws {ExplainedError} when it cannot start or its exit code is not 0, with the line that says why.
 * @throws {NotProvableHereError} when this machine has no sandbox for it.
 */
export async function runProgram(program: Program, options: ProgramOptions): Promise<ProgramRun> {
  const { sandbox, scratchDir, signal, redact } = options;
  if (sandbox.kind === 'refused') throw refusedSandbox(program.name, sandbox);
  const hostname = program.machine;
  await using machine = await newMachine(scratchDir, hostname);
  const { mounts: installed, searchPath } = await installedPrograms(process.env['PATH'] ?? '', signal);
  const isSandboxed = sandbox.kind === 'bubblewrap';
  const place = (path: string): string => (isSandboxed ? path : join(machine.root, path));
  const environment = environmentOf(program, machine, place, searchPath);
  const tools = await layOutTools(program.tools, machine);
  for (const { from, to } of program.brought ?? []) await bring(from, join(machine.root, to));
  const own = (program.mounts ?? []).map((mount) => ({ ...mount, to: normalisedPlace(mount.to) ?? mount.to }));
  const homes = isSandboxed ? await emptyHome(machine) : [];
  const mounts = await orderedMounts([
    ...(isSandboxed ? await systemMounts(machine.root) : []),
    ...homes,
    ...installed,
    ...tools,
    ...(await readable(program, machine)),
    ...(isSandboxed ? await roomOf(program, own, machine) : []),
    ...own,
  ]);
  const starting = startingPlace(mounts, machine, environment['PATH'] ?? '', isSandboxed);
  const file = await startable(program, starting);
  const wanted = program.workingDirectory;
  const isThere = wanted !== undefined && (await isFolder(starting.onMachine(wanted)));
  const described: Sandbox = {
    root: machine.root,
    hostname,
    mounts,
    closed: homes.map(({ to }) => to),
    environment,
    workingDirectory: isThere ? wanted : place(WORK),
  };
  const warnings = new Warnings(redact);
  const onLine = (line: string) => {
    warnings.look(line);
    program.onLine?.(line);
  };
  const watch: Watch = { onLine, signal, onStarted: program.onStarted };
  const ended = isSandboxed
    ? await runInBubblewrap(described, [file, ...program.args], sandbox, watch)
    : await runWithout(described, [file, ...program.args], own, watch);
  if (ended.exitCode !== 0) throw failed(program, ended, redact);
  const kept: string[] = [];
  for (const { path, to } of program.keeps ?? []) {
    const from = await onOwnDisk(starting.onMachine(path), machine, own);
    if (from !== undefined && (await bring(from, to))) kept.push(path);
  }
  return {
    output: redact(`${ended.stdout}\n${ended.stderr}`),
    warnings: warnings.lines,
    left: await leftOn(
      machine,
      [...mounts, ...(program.brought ?? [])].map(({ to }) => to),
    ),
    kept,
  };
}

/** Returns the whole environment. It does not depend on the shell from which the harness was started. */
function environmentOf(
  { variables }: Program,
  machine: Machine,
  place: (path: string) => string,
  searchPath: string,
): Record<string, string> {
  const given = variables['PATH'];
  const folders = [place(TOOLS), given, searchPath].filter((part) => part !== undefined && part !== '');
  return {
    HOME: place(HOME),
    USER: machine.user,
    LOGNAME: machine.user,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: place('/tmp'),
    WORK_DIR: place(WORK),
    // Without it, an AWS client without credentials asks for those of the cloud machine on which the drill runs.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...variables,
    PATH: folders.join(delimiter),
  };
}

/** Makes links by plain names. Node is the one that runs the harness, so scripts run as they do on this machine. */
async function layOutTools(tools: Readonly<Record<string, string>>, machine: Machine): Promise<readonly Mount[]> {
  const all = { node: process.execPath, ...tools };
  const mounts: Mount[] = [];
  for (const [name, path] of Object.entries(all)) {
    await symlink(path, join(machine.root, TOOLS, name));
    mounts.push(...(await mountsOfProgram(path)));
  }
  return mounts;
}

/** Makes an empty folder in place of the user's home. Only interpreters that are installed there are mounted into it. */
async function emptyHome(machine: Machine): Promise<readonly Mount[]> {
  const home = homedir();
  if (home === '/' || isSystemPath(home) || !isAbsolute(home)) return [];
  const empty = join(machine.aside, 'home');
  await mkdir(empty);
  return [{ from: empty, to: home, mode: 'read-write' }];
}

/** Returns mounts of the project, the platform's folder, and the scripts of the contract with their folders. */
async function readable({ reads, scripts = [] }: Program, machine: Machine): Promise<readonly Mount[]> {
  const files = scripts.filter((path) => isAbsolute(path));
  const folders = new Set([...reads, ...files.map((path) => dirname(path))]);
  const mounts = await Promise.all([
    ...[...folders].map((folder) => projectMounts(folder, machine.aside)),
    ...files.map(mountsOfProgram),
  ]);
  return mounts.flat();
}

async function roomOf(program: Program, own: readonly Mount[], machine: Machine): Promise<readonly Mount[]> {
  const room = await roomFor(
    own.map(({ to }) => to),
    machine.aside,
  );
  if ('mounts' in room) return room.mounts;
  throw new NotProvableHereError({
    thing: program.name,
    expected: 'volumes that can be mounted at their places',
    observed: `${room.impossible} lies in a folder of the system that has too many entries`,
    nextStep: 'Drill it where pods run (--target docker).',
  });
}

/** Returns the path; undefined if a link of the program leads to something outside its own disk. */
async function onOwnDisk(path: string, machine: Machine, own: readonly Mount[]): Promise<string | undefined> {
  const folder = await realpath(dirname(path)).catch(() => undefined);
  if (folder === undefined) return undefined;
  const disks = await Promise.all([machine.root, ...own.map(({ from }) => from)].map((disk) => realpath(disk)));
  const isOwn = disks.some((disk) => path === disk || folder === disk || isInside(folder, disk));
  return isOwn || own.some(({ from }) => path === from) ? path : undefined;
}

/** Copies a file or folder with its modes. Returns false when it does not exist. */
async function bring(from: string, to: string): Promise<boolean> {
  const found = await lstat(from).catch(() => undefined);
  if (found === undefined) return false;
  if (found.isDirectory() && (await readdir(from)).length === 0) return false;
  await rm(to, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return true;
}

/** Translates paths of the program into paths of this machine. */
function startingPlace(
  mounts: readonly Mount[],
  machine: Machine,
  searchPath: string,
  isSandboxed: boolean,
): StartingPlace {
  const onMachine = (path: string): string => {
    const mount = mounts.findLast(({ to }) => path === to || isInside(path, to));
    if (mount !== undefined) return join(mount.from, path.slice(mount.to.length));
    // `/bin` is the same link in the sandbox as on this machine.
    return !isSandboxed || isSystemPath(path) ? path : join(machine.root, path);
  };
  return { onMachine, searchPath: searchPath.split(delimiter) };
}

async function startable(program: Program, starting: StartingPlace): Promise<string> {
  const { name, file, written = file } = program;
  const isOwn = (path: string) => (program.mounts ?? []).some(({ to }) => path === to || isInside(path, to));
  if (!isAbsolute(file)) {
    const found = await findOnPath(file, starting);
    if (found !== undefined) return found;
    if (program.image !== undefined) throw needsImage(program, `${file} is not on PATH of this machine`);
    throw new ExplainedError({
      thing: name,
      expected: `a program ${file}`,
      observed: 'there is none on PATH',
      nextStep: `Install ${file} on this machine, or correct the command in the contract.`,
    });
  }
  const problem = await startProblem(file, starting, written);
  if (problem === undefined) return file;
  const { observed, nextStep, missing } = problem;
  if (program.image !== undefined && missing && !isOwn(file)) throw needsImage(program, `${file}: ${observed}`);
  throw new ExplainedError({ thing: name, expected: 'an executable file', observed, nextStep });
}

interface Watch {
  readonly onStarted: (() => void) | undefined;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

async function runInBubblewrap(
  described: Sandbox,
  command: readonly string[],
  sandbox: Extract<HostSandbox, { kind: 'bubblewrap' }>,
  { onLine, onStarted, signal }: Watch,
): Promise<Ended> {
  const instructions = bubblewrapInstructions(described, sandbox);
  const execution = {
    file: sandbox.path,
    ...bubblewrapArguments(sandbox, command),
    env: {},
    instructions,
    onLine,
    onStarted,
    keptBytes: KEPT_OUTPUT_BYTES,
  };
  const ended = await execute(execution, signal);
  // bubblewrap reports the exit code of a program that it started. Without one, the sandbox itself could not be made.
  if (ended.exitCode === 0 || ended.status.includes('"exit-code"')) return ended;
  throw new NotProvableHereError({
    thing: 'the sandbox',
    expected: 'to start',
    observed: observedEnding(ended),
    nextStep: 'docs/safety.md says what it needs of this machine.',
  });
}

async function runWithout(
  described: Sandbox,
  [file = '', ...args]: readonly string[],
  own: readonly Mount[],
  { onLine, onStarted, signal }: Watch,
): Promise<Ended> {
  await using _places = await lendPlaces(own, signal);
  const { environment: env, workingDirectory: cwd } = described;
  return await execute({ file, args, env, cwd, onLine, onStarted, keptBytes: KEPT_OUTPUT_BYTES }, signal);
}

function failed(program: Program, ended: Ended, redact: (text: string) => string): ExplainedError {
  // A shell exits with this code when there is no such command.
  if (program.image !== undefined && ended.exitCode === 127) throw needsImage(program, redact(observedEnding(ended)));
  return new ExplainedError({
    thing: program.name,
    expected: 'exit 0',
    observed: redact(observedEnding(ended)),
    nextStep:
      program.nextStep ?? `Run it by hand: ${redact([program.written ?? program.file, ...program.args].join(' '))}`,
  });
}

function needsImage({ name, image }: Program, observed: string): NotProvableHereError {
  return new NotProvableHereError({
    thing: name,
    expected: 'a command that this machine can run',
    observed: `${observed}; the image ${image} may have it`,
    nextStep:
      'Install it on this machine, give the container a command of a ConfigMap, or drill it where pods run (--target docker).',
  });
}

function refusedSandbox(
  name: string,
  { reason, fix }: Extract<HostSandbox, { kind: 'refused' }>,
): NotProvableHereError {
  return new NotProvableHereError({
    thing: `${name} (a program of the platform runs in a sandbox, so that it cannot harm this machine)`,
    expected: 'a machine that permits the sandbox',
    observed: reason,
    nextStep: fix,
  });
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
