import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ExplainedError } from '../model/errors.ts';
import { LineReader, OutputTail, tellingLines } from './output.ts';
import { privateHome } from './private-home.ts';

/** A command line of the harness's own. */
export interface Command {
  /** The name a reader knows it by, e.g. `velero backup create`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited but PATH. `HOME` is an empty folder unless it is given. Secrets belong here, never in `args`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Values that must never appear in an error or a log, e.g. a secret key. */
  readonly secrets?: readonly string[];
  /** What a reader should do when it fails; to run it by hand when left out. */
  readonly nextStep?: string;
  /** Called with the pid once the command runs; it leads its process group. */
  readonly onStarted?: (pid: number) => void;
  /** How many bytes of standard output and of standard error are kept, the last ones of each; all of them when left out. */
  readonly keptBytes?: number;
  /** Called for each line of either, as it comes. Secrets are still in it. */
  readonly onLine?: (line: string) => void;
}

/** What a command that exited 0 wrote, and how long it ran. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** How a process is run: the parts of a {@link Command} that concern the operating system. */
export interface Execution {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly onStarted?: ((pid: number) => void) | undefined;
  /** How many bytes of standard output and of standard error are kept, the last ones of each; all of them when left out. */
  readonly keptBytes?: number | undefined;
  /** Called for each line of either, as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** What the process reads from file descriptor 3. It writes its status to file descriptor 4 then. */
  readonly instructions?: string | undefined;
  /** What the process reads from file descriptor 5, after its instructions. */
  readonly filter?: Uint8Array | undefined;
}

/** How a process ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** Null when a signal ended it, or it never started. */
  readonly exitCode: number | null;
  readonly endedBy: NodeJS.Signals | null;
  /** Why it never started. */
  readonly startError: NodeJS.ErrnoException | undefined;
  /** What it wrote to file descriptor 4. */
  readonly status: string;
}

/** A process that left its group may still hold the output of one that has ended; nothing is waited for longer than this. */
const DRAIN_BUDGET_MS = 2_000;

/**
 * Runs a command to its end, without a shell. Whatever it started in its process group ends with it; aborting the signal ends
 * all of them at once.
 * @throws {ExplainedError} when it cannot be started or exits other than 0; the message carries the lines that say why.
 */
export async function runCommand(command: Command, signal: AbortSignal): Promise<CommandResult> {
  const { file, args, cwd, onStarted, keptBytes, onLine } = command;
  using home = command.env?.['HOME'] === undefined ? privateHome() : undefined;
  const env = { PATH: process.env['PATH'] ?? '', ...(home === undefined ? {} : { HOME: home.path }), ...command.env };
  const ended = await execute({ file, args, env, cwd, onStarted, keptBytes, onLine }, signal);
  if (ended.exitCode === 0) return ended;
  throw new ExplainedError({
    thing: command.name,
    expected: 'exit 0',
    observed: redact(observedEnding(ended), command.secrets),
    nextStep: command.nextStep ?? `Run it by hand: ${command.file} ${redact(command.args.join(' '), command.secrets)}`,
  });
}

/** How a process failed, in one clause: `it exited 3: the bucket is gone`. Secrets are still in it. */
export function observedEnding(ended: Ended): string {
  const lines = tellingLines(ended.stderr, ended.stdout).join(' / ').replace(/\.$/, '');
  const ending = endingOf(ended);
  return lines === '' ? ending : `${ending}: ${lines}`;
}

function endingOf({ exitCode, endedBy, startError }: Ended): string {
  if (startError !== undefined) return `it could not be started (${startError.code ?? startError.message})`;
  return exitCode === null ? `it was ended by ${endedBy ?? 'a signal'}` : `it exited ${exitCode}`;
}

/**
 * Runs a process to its end and reports how it ended, whatever that was.
 * @throws the signal's reason when it is aborted; nothing of the process group is left by then.
 */
export async function execute(execution: Execution, signal: AbortSignal): Promise<Ended> {
  signal.throwIfAborted();
  const { file, args, env, cwd, keptBytes, onLine, instructions, filter } = execution;
  const beganMs = performance.now();
  const child = spawn(file, args, {
    env: { ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: [
      ...(['ignore', 'pipe', 'pipe'] as const),
      ...(instructions === undefined ? [] : (['pipe', 'pipe'] as const)),
      ...(filter === undefined ? [] : (['pipe'] as const)),
    ],
    // It leads a process group of its own, so that its children can be ended with it.
    detached: true,
  });
  const endGroup = () => killGroup(child.pid);
  signal.addEventListener('abort', endGroup, { once: true });
  const [stdout, stderr, status] = [new OutputTail(keptBytes), new OutputTail(keptBytes), new OutputTail()];
  const readers = [
    follow(child.stdio[1], stdout, onLine),
    follow(child.stdio[2], stderr, onLine),
    follow(child.stdio[4], status),
  ];
  try {
    if (child.pid !== undefined) execution.onStarted?.(child.pid);
    if (instructions !== undefined) hand(instructions, child.stdio[3]);
    if (filter !== undefined) hand(filter, child.stdio.at(5));
    const ending = await untilEnded(child, endGroup);
    for (const reader of readers) reader?.end();
    signal.throwIfAborted();
    return {
      ...ending,
      stdout: stdout.text,
      stderr: stderr.text,
      status: status.text,
      durationMs: performance.now() - beganMs,
    };
  } finally {
    signal.removeEventListener('abort', endGroup);
    endGroup();
  }
}

type Ending = Pick<Ended, 'exitCode' | 'endedBy' | 'startError'>;

/** Resolves when the process has ended and its output is read. */
async function untilEnded(child: ChildProcess, endGroup: () => void): Promise<Ending> {
  return await new Promise((resolve) => {
    let ending: Ending = { exitCode: null, endedBy: null, startError: undefined };
    let drain: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(drain);
      for (const stream of child.stdio) stream?.destroy();
      resolve(ending);
    };
    child.once('error', (startError) => {
      ending = { ...ending, startError };
      finish();
    });
    child.once('exit', (exitCode, endedBy) => {
      ending = { ...ending, exitCode, endedBy };
      // A child that it left in the background may hold its output open for ever.
      endGroup();
      drain = setTimeout(finish, DRAIN_BUDGET_MS);
    });
    child.once('close', finish);
  });
}

function follow(
  stream: unknown,
  tail: OutputTail,
  onLine: ((line: string) => void) | undefined = undefined,
): LineReader | undefined {
  if (!isReadable(stream)) return undefined;
  const lines = onLine === undefined ? undefined : new LineReader(onLine);
  stream.on('data', (chunk: Buffer) => {
    tail.add(chunk);
    lines?.add(chunk);
  });
  // A pipe that breaks is seen as the end of the process.
  stream.on('error', () => undefined);
  return lines;
}

const isReadable = (stream: unknown): stream is Readable =>
  typeof stream === 'object' && stream !== null && 'readable' in stream && stream.readable === true;

function hand(instructions: string | Uint8Array, pipe: ChildProcess['stdio'][number] | undefined): void {
  if (pipe === null || pipe === undefined || !('write' in pipe)) return;
  // A process that ends without reading its instructions says why by itself.
  pipe.on('error', () => undefined);
  pipe.end(instructions);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}

export function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}

/** The text with every secret replaced by `***`, the longest first. */
export function redact(text: string, secrets: readonly string[] = []): string {
  return secrets
    .filter((secret) => secret !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}
