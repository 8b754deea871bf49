import { ExplainedError } from '../model/errors.ts';

export interface Command {
  /** The name a reader knows it by, e.g. `velero backup create`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited but PATH and HOME. Secrets belong here, never in `args`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Values that must never appear in an error or a log, e.g. a secret key. */
  readonly secrets?: readonly string[];
  /** What a reader should do when it fails; to run it by hand when left out. */
  readonly nextStep?: string;
  /** Told the pid once the command runs; it leads its process group. */
  readonly onStarted?: (pid: number) => void;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

const MAX_OUTPUT_CHARACTERS = 4_000_000;

/**
 * Runs a command to its end, without a shell. Aborting the signal ends the command's whole process group.
 * @throws {ExplainedError} when it cannot be started or exits other than 0; the message carries the last lines it wrote.
 */
export async function runCommand(command: Command, signal: AbortSignal): Promise<CommandResult> {
  // More than a hundred files, which a command line that only lists or judges does not need.
  const { execa } = await import('execa');
  signal.throwIfAborted();
  const child = execa(command.file, command.args, {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', ...command.env },
    extendEnv: false,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    stdin: 'ignore',
    reject: false,
    detached: true,
    maxBuffer: MAX_OUTPUT_CHARACTERS,
  });
  const endGroup = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (!isNoSuchProcess(error)) throw error;
    }
  };
  signal.addEventListener('abort', endGroup, { once: true });
  try {
    if (child.pid !== undefined) command.onStarted?.(child.pid);
    const result = await child;
    signal.throwIfAborted();
    if (result.failed) {
      const lastLines = redact(`${result.stderr}\n${result.stdout}`.trim(), command.secrets)
        .split('\n')
        .slice(-6)
        .join(' / ');
      const ending =
        result.exitCode === undefined
          ? `it ${result.isTerminated ? `was ended by ${result.signal ?? 'a signal'}` : `could not be started (${result.code ?? result.shortMessage})`}`
          : `it exited ${result.exitCode}`;
      throw new ExplainedError({
        thing: command.name,
        expected: 'exit 0',
        observed: lastLines === '' ? ending : `${ending}: ${lastLines.replace(/\.$/, '')}`,
        nextStep:
          command.nextStep ?? `Run it by hand: ${command.file} ${redact(command.args.join(' '), command.secrets)}`,
      });
    }
    return { stdout: result.stdout, stderr: result.stderr, durationMs: result.durationMs };
  } finally {
    signal.removeEventListener('abort', endGroup);
  }
}

export function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}

/** The text with every secret replaced by `***`. */
export function redact(text: string, secrets: readonly string[] = []): string {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}
