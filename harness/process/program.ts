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

/** A program of the platform, and what it is given. */
export interface Program {
  /** For messages, e.g. `restore ops/restore.sh`. */
  readonly name: string;
  /** An absolute path as the program finds it, or a name that is looked up on its PATH. */
  readonly file: string;
  /** The same as the author of the contract wrote it, for advice; `file` when left out. */
  readonly written?: string | undefined;
  readonly args: readonly string[];
  /** Its variables besides those that every program has; `HOME`, `WORK_DIR` and the like may be replaced here. */
  readonly variables: Readonly<Record<string, string>>;
  /** An absolute path as the program finds it; its work folder when left out, or when there is no such folder. */
  readonly workingDirectory?: string | undefined;
  /** Which machine it runs on: the host name it sees. */
  readonly machine: string;
  /** Folders whose repositories it may read: the project and the platform's folder. */
  readonly reads: readonly string[];
  /** Absolute paths of the contract's own scripts: their folders may be read, too. */
  readonly scripts?: readonly string[];
  /** The image that it runs from in production. What this machine lacks may be there, so the platform has broken no promise by it. */
  readonly image?: string | undefined;
  readonly onStarted?: (() => void) | undefined;
  /** Called for each line that it writes, as it comes. Secrets are still in it. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Volumes, and files that the drill hands to it by name. */
  readonly mounts?: readonly Mount[];
  /** Copied onto the machine before the start: what another machine left and production keeps. */
  readonly brought?: readonly { readonly from: string; readonly to: string }[] | undefined;
  /** Absolute paths that are copied off the machine after the end, with the place to which each goes. */
  readonly keeps?: readonly { readonly path: string; readonly to: string }[] | undefined;
  /** Command lines by their plain names, first on PATH. */
  readonly tools: Readonly<Record<string, string>>;
  readonly nextStep?: string | undefined;
}

export interface ProgramOptions {
  readonly sandbox: HostSandbox;
  /** A folder of this machine below which the program's machine is made. */
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  /** Removes secrets from a text. */
  readonly redact: (text: string) => string;
}

/** What a program said and left, secrets left out. */
export interface ProgramRun {
  /** The end of what it wrote, standard error after standard output. */
  readonly output: string;
  /** The lines in which it warned, the first hundred. */
  readonly warnings: readonly string[];
  /** Files that it left on its machine outside its mounts, and that are gone with it; unknown of a pod. */
  readonly left?: readonly LeftFile[];
  /** Which of `keeps` were there. */
  readonly kept?: readonly string[];
}

/**
 * Runs a program of the platform to its end: in a sandbox, on a machine of its own that is removed afterwards. Its whole
 * environment is `PATH`, `HOME`, `USER`, `LOGNAME`, `LANG`, `TZ`, `TMPDIR`, `WORK_DIR` and its variables.
 * @throws {ExplainedError} when it cannot start or does not exit 0, with the line that says why.
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

/** The whole environment, whatever shell the harness was started from. */
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
    // Without it, an AWS client that finds no credentials asks the cloud machine that the drill runs on for its own.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...variables,
    PATH: folders.join(delimiter),
  };
}

/** Links by plain names. Node is the one that the harness runs on: scripts then run as they do on this machine. */
async function layOutTools(tools: Readonly<Record<string, string>>, machine: Machine): Promise<readonly Mount[]> {
  const all = { node: process.execPath, ...tools };
  const mounts: Mount[] = [];
  for (const [name, path] of Object.entries(all)) {
    await symlink(path, join(machine.root, TOOLS, name));
    mounts.push(...(await mountsOfProgram(path)));
  }
  return mounts;
}

/** In the place of the user's home: interpreters that are installed there are mounted in it, and nothing else is. */
async function emptyHome(machine: Machine): Promise<readonly Mount[]> {
  const home = homedir();
  if (home === '/' || isSystemPath(home) || !isAbsolute(home)) return [];
  const empty = join(machine.aside, 'home');
  await mkdir(empty);
  return [{ from: empty, to: home, mode: 'read-write' }];
}

/** The project, the platform's folder, and the scripts of the contract with the folders they lie in. */
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

/** The path, unless a link that the program made leads from it to something that was never its own. */
async function onOwnDisk(path: string, machine: Machine, own: readonly Mount[]): Promise<string | undefined> {
  const folder = await realpath(dirname(path)).catch(() => undefined);
  if (folder === undefined) return undefined;
  const disks = await Promise.all([machine.root, ...own.map(({ from }) => from)].map((disk) => realpath(disk)));
  const isOwn = disks.some((disk) => path === disk || folder === disk || isInside(folder, disk));
  return isOwn || own.some(({ from }) => path === from) ? path : undefined;
}

/** Copies a file or folder with its modes; false when there is none. */
async function bring(from: string, to: string): Promise<boolean> {
  const found = await lstat(from).catch(() => undefined);
  if (found === undefined) return false;
  if (found.isDirectory() && (await readdir(from)).length === 0) return false;
  await rm(to, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return true;
}

/** Translates paths as the program finds them into paths of this machine. */
function startingPlace(
  mounts: readonly Mount[],
  machine: Machine,
  searchPath: string,
  isSandboxed: boolean,
): StartingPlace {
  const onMachine = (path: string): string => {
    const mount = mounts.findLast(({ to }) => path === to || isInside(path, to));
    if (mount !== undefined) return join(mount.from, path.slice(mount.to.length));
    // `/bin` is a link in the sandbox as it is here.
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
  // bubblewrap tells the exit code of a program that it started; without one, the sandbox itself could not be made.
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
  // A shell's way to say that there is no such command.
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
