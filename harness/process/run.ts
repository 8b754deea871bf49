import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ExplainedError } from '../model/errors.ts';
import { LineReader, OutputTail, tellingLines } from './output.ts';
import { privateHome } from './private-home.ts';

/** A command that the harness itself runs. */
export interface Command {
  /** Name for a reader, e.g. `velero backup create`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /**
   * The whole environment; only PATH is inherited. `HOME` is an empty folder unless it is set here. Secrets belong here, never in `args`.
   */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Values that must never appear in an error or a log, e.g. a secret key. */
  readonly secrets?: readonly string[];
  /** Advice for a failure; "run it by hand" when left out. */
  readonly nextStep?: string;
  /** Called with the pid once the command runs. The process leads its process group. */
  readonly onStarted?: (pid: number) => void;
  /** Number of last bytes to keep of standard output and of standard error; all when left out. */
  readonly keptBytes?: number;
  /** Called for each line of either output as it comes. The line may still contain secrets. */
  readonly onLine?: (line: string) => void;
}

/** Output and duration of a command that exited with 0. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** The parts of a {@link Command} that concern the operating system. */
export interface Execution {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly onStarted?: ((pid: number) => void) | undefined;
  /** Number of last bytes to keep of standard output and of standard error; all when left out. */
  readonly keptBytes?: number | undefined;
  /** Called for each line of either output as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Text that the process reads from file descriptor 3. It then writes its status to file descriptor 4. */
  readonly instructions?: string | undefined;
  /** Bytes that the process reads from file descriptor 5, after its instructions. */
  readonly filter?: Uint8Array | undefined;
}

/** Result of an ended process. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** Exit code; null when a signal ended the process, or it never started. */
  readonly exitCode: number | null;
  readonly endedBy: NodeJS.Signals | null;
  /** Error of the start; undefined when the process started. */
  readonly startError: NodeJS.ErrnoException | undefined;
  /** Text that it wrote to file descriptor 4. */
  readonly status: string;
}

/** Longest wait for the rest of the output after the end. A process that left the group may still hold the output open. */
const DRAIN_BUDGET_MS = 2_000;

/**
 * Runs a command to its end, without a shell. All processes of its process group end with it. Aborting the signal ends all of them at once.
 * @throws {ExplainedError} when it cannot be started or its exit code is not 0; the message has the lines that say why.
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

/** Describes the failure of a process in one clause: `it exited 3: the bucket is gone`. The text may still contain secrets. */
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
 * Runs a process to its end and returns the result, whatever it is.
 * @throws the signal's reason when it is aborted; the whole process group has ended by then.
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
    // The process leads its own process group, so its children can be ended with it.
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

/** Resolves when the process has ended and its output has been read. */
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
      // A background child may hold the output open for ever.
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
  // A broken pipe shows as the end of the process.
  stream.on('error', () => undefined);
  return lines;
}

const isReadable = (stream: unknown): stream is Readable =>
  typeof stream === 'object' && stream !== null && 'readable' in stream && stream.readable === true;

function hand(instructions: string | Uint8Array, pipe: ChildProcess['stdio'][number] | undefined): void {
  if (pipe === null || pipe === undefined || !('write' in pipe)) return;
  // A process that ends without reading its instructions reports the reason itself.
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

/** Returns the text with `***` in place of every secret, the longest first. */
function redact(text: string, secrets: readonly string[] = []): string {
  return secrets
    .filter((secret) => secret !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}
