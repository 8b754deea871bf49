import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { stat, truncate } from 'node:fs/promises';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { HopelessError, type Wait, WaitTimeoutError, waitFor } from '../wait/wait.ts';
import { identify, type ProcessIdentity } from './identity.ts';
import { lastLines } from './output.ts';
import { isNoSuchProcess } from './run.ts';

export interface ProgramToRun {
  /** Name for a reader, e.g. `kube-apiserver`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment, except PATH. Secrets belong here or in files, never in `args`. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Log of stdout and stderr. It is emptied when it grows beyond 64 MiB. */
  readonly logPath: string;
  /**
   * `graceful`: SIGTERM, then SIGKILL after the grace period. `immediate`: SIGKILL at once, for a server that stops slowly and whose state
   * is discarded.
   */
  readonly ending: 'graceful' | 'immediate';
  /**
   * Called right after the process was made, which lets another process collect it later. The returned function is called when the process
   * has ended.
   */
  readonly register: (identity: ProcessIdentity) => () => void;
}

interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A started process that does not yet serve. */
export interface StartingProcess extends AsyncDisposable {
  readonly name: string;
  readonly identity: ProcessIdentity;
  /**
   * Waits until the process serves. Its death ends the wait at once. After any failure the process has ended.
   * @throws {HopelessError} when it died, with its last log lines; the errors of {@link waitFor}.
   */
  untilServing<T>(wait: Wait<T>, signal: AbortSignal): Promise<{ readonly process: StartedProcess; readonly value: T }>;
}

/** A serving process. `stop` and `kill` end it with its whole process group; both are idempotent. */
export interface StartedProcess extends AsyncDisposable {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly exited: Promise<Ending>;
  isAlive(): boolean;
  stop(): Promise<StoppedProcess>;
  kill(): Promise<StoppedProcess>;
}

interface StoppedProcess {
  readonly name: string;
  readonly ending: Ending;
}

const GRACE_MS = 2_000;
const KILL_BUDGET_MS = 2_000;
const LOG_LIMIT_BYTES = 64 * 2 ** 20;
const LOG_CHECK_MS = 30_000;

/**
 * Starts a long-running program in its own session and process group. A Ctrl-C on the terminal then reaches only the harness, which tears
 * down in order.
 * @throws {ExplainedError} when it cannot be started.
 */
export async function startProcess(program: ProgramToRun, clock: Clock): Promise<StartingProcess> {
  const log = openSync(program.logPath, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(program.file, program.args, {
      env: { PATH: process.env.PATH ?? '', ...program.env },
      cwd: program.cwd,
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  const unregister = identity === undefined ? () => undefined : program.register(identity);
  const exited = endingOf(child, unregister);
  if (identity === undefined) {
    const ending = await exited.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    throw new ExplainedError(
      {
        thing: program.name,
        expected: 'a program that starts',
        observed: await firstMoments(ending, program.logPath),
        nextStep: `Check that ${program.file} exists and is executable. npx dr-contracts doctor checks the shipped programs.`,
      },
      { cause: ending },
    );
  }
  return new Supervised(program, clock, identity, exited);
}

class Supervised implements StartingProcess, StartedProcess {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly exited: Promise<Ending>;
  private readonly program: ProgramToRun;
  private readonly clock: Clock;
  private readonly over = new AbortController();
  private stopping: Promise<StoppedProcess> | undefined;
  private hasExited = false;

  constructor(program: ProgramToRun, clock: Clock, identity: ProcessIdentity, exited: Promise<Ending>) {
    this.program = program;
    this.clock = clock;
    this.name = program.name;
    this.identity = identity;
    this.exited = exited.then((ending) => {
      this.hasExited = true;
      // Ends the processes that the leader has left in its group (Velero's plugins).
      signalGroup(identity.pid, 'SIGKILL');
      this.over.abort(new Error(`${program.name} ended`));
      return ending;
    });
    void this.boundLog();
  }

  async untilServing<T>(wait: Wait<T>, signal: AbortSignal): Promise<{ process: StartedProcess; value: T }> {
    try {
      const value = await waitFor(wait, this.clock, AbortSignal.any([signal, this.over.signal]));
      if (this.hasExited) throw await this.death();
      return { process: this, value };
    } catch (error) {
      const hasDied = this.hasExited && this.stopping === undefined && !signal.aborted;
      const reported = hasDied ? await this.death(error) : await this.silence(error);
      await this.kill();
      throw reported;
    }
  }

  isAlive(): boolean {
    return !this.hasExited;
  }

  stop(): Promise<StoppedProcess> {
    this.stopping ??= this.program.ending === 'immediate' ? this.killGroup() : this.stopGracefully();
    return this.stopping;
  }

  /** Kills the group at once, even while `stop` still waits for its grace period. */
  async kill(): Promise<StoppedProcess> {
    const killed = this.killGroup();
    this.stopping ??= killed;
    return await killed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async stopGracefully(): Promise<StoppedProcess> {
    if (!this.hasExited) signalProcess(this.identity.pid, 'SIGTERM');
    const ending = await this.exitedWithin(GRACE_MS);
    return ending === undefined ? await this.killGroup() : { name: this.name, ending };
  }

  private async killGroup(): Promise<StoppedProcess> {
    if (!this.hasExited) signalGroup(this.identity.pid, 'SIGKILL');
    const ending = await this.exitedWithin(KILL_BUDGET_MS);
    if (ending === undefined) {
      throw new Error(`${this.name} (pid ${this.identity.pid}) is still there ${KILL_BUDGET_MS} ms after SIGKILL`);
    }
    return { name: this.name, ending };
  }

  private async exitedWithin(budgetMs: number): Promise<Ending | undefined> {
    const enough = new AbortController();
    const expired = this.clock.pause(budgetMs, enough.signal).catch((error: unknown) => {
      if (!enough.signal.aborted) throw error;
    });
    const ending = await Promise.race([this.exited, expired]);
    enough.abort(new Error('no longer waiting'));
    return ending ?? undefined;
  }

  private async death(cause?: unknown): Promise<HopelessError> {
    const ending = await this.exited;
    const lines = await tellingLines(this.program.logPath);
    const said = lines.length === 0 ? 'it wrote nothing' : `its last lines: ${lines.join(' / ')}`;
    return new HopelessError(`${this.name} died while starting (${describe(ending)}); ${said}`, { cause });
  }

  /** Adds to a time-out that the program still ran, and its last words. */
  private async silence(error: unknown): Promise<unknown> {
    if (!(error instanceof WaitTimeoutError)) return error;
    const lines = await tellingLines(this.program.logPath);
    const said = lines.length === 0 ? 'wrote nothing' : `wrote: ${lines.join(' / ')}`;
    const { waitedFor, budgetMs, lastSeen } = error;
    return new WaitTimeoutError(waitedFor, budgetMs, `${lastSeen}; ${this.name} ran and ${said}`, { cause: error });
  }

  private async boundLog(): Promise<void> {
    while (!this.hasExited) {
      try {
        await this.clock.pause(LOG_CHECK_MS, this.over.signal);
        // The file is open for appending, so the process continues at the new end.
        if ((await stat(this.program.logPath)).size > LOG_LIMIT_BYTES) await truncate(this.program.logPath, 0);
      } catch {
        // The process has ended, or the log was removed with its folder. There is no log left to bound.
        return;
      }
    }
  }
}

const TOLD_LINES = 6;
const SEARCHED_LINES = 60;

/** Returns the last lines of a log, and before them the first line about an error: a stack trace may follow it. */
async function tellingLines(logPath: string): Promise<readonly string[]> {
  const lines = await lastLines(logPath, SEARCHED_LINES);
  const last = lines.slice(-TOLD_LINES);
  const error = lines.find((line) => /\b(\w*error|cannot|fatal|panic)\b/i.test(line));
  return error === undefined || last.includes(error) ? last : [error, '…', ...last];
}

async function firstMoments(ending: Ending | Error, logPath: string): Promise<string> {
  if (ending instanceof Error) return ending.message;
  return [`it ended at once (${describe(ending)})`, ...(await tellingLines(logPath))].join(' / ');
}

function endingOf(child: ChildProcess, unregister: () => void): Promise<Ending> {
  const { promise, resolve, reject } = Promise.withResolvers<Ending>();
  child.once('error', reject);
  child.once('exit', (exitCode, signal) => {
    unregister();
    resolve({ exitCode, signal });
  });
  return promise;
}

function describe(ending: Ending): string {
  return ending.signal === null ? `exit ${ending.exitCode}` : ending.signal;
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}

/** Signals every process of the group that `leaderPid` leads. Does nothing if the group is gone. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    // macOS answers EPERM for a group of zombies only.
    const onlyZombies =
      process.platform === 'darwin' && error instanceof Error && 'code' in error && error.code === 'EPERM';
    if (!isNoSuchProcess(error) && !onlyZombies) throw error;
  }
}
