import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../clock/clock.ts';
import {
  identifySelf,
  isRunning,
  machineSchema,
  type ProcessIdentity,
  processIdentitySchema,
  thisMachine,
} from '../process/identity.ts';
import { ensureScratchRoot, explainDiskTrouble, ownedName } from '../process/scratch.ts';
import { signalGroup } from '../process/supervised.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import { killStray, strayProcesses } from './stray.ts';

export const sessionFileSchema = z.object({
  id: z.string().regex(/^[a-z0-9]+$/),
  owner: processIdentitySchema,
  machine: machineSchema,
  began: z.iso.datetime(),
});
export type SessionFile = z.infer<typeof sessionFileSchema>;

export type Judged =
  | { readonly kind: 'live'; readonly id: string }
  | { readonly kind: 'dead'; readonly id: string; readonly began: string | undefined }
  | { readonly kind: 'unclear'; readonly reason: string };

/** Judges whether the owner of a session lives, is dead, or cannot be judged from here. */
export type JudgeOwner = (file: SessionFile) => Judged;

const registeredProcessSchema = processIdentitySchema.extend({ name: z.string() });
export type RegisteredProcess = z.infer<typeof registeredProcessSchema>;

/** One run of a target: a folder that holds all its files, and a register of all its processes. */
export interface Session {
  readonly id: string;
  readonly dir: string;
  /** Creates (when needed) and returns a folder of the session that only its owner can read. */
  folder(...parts: string[]): string;
  /** Part of the environment of every process of the session; it identifies even unregistered processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** @returns a function that removes it from the register. @throws when the session is closing: no process may start any more. */
  register(name: string, identity: ProcessIdentity): () => void;
  registered(): RegisteredProcess[];
}

/** A session in the process that opened it. Disposal ends whatever is still registered, then removes the folder. */
export interface OwnedSession extends Session, AsyncDisposable {}

const CLOSING = 'closing';
const END_BUDGET_MS = 3_000;

/**
 * Opens a session owned by this process.
 * @throws {ExplainedError} when the scratch folder cannot be written.
 */
export async function openSession(clock: Clock): Promise<OwnedSession> {
  const root = ensureScratchRoot();
  const id = newSessionId();
  const owner = identifySelf();
  // A session gets its final name when it is complete, so that another process that collects garbage never sees a half-made one.
  const unborn = join(root, ownedName({ owner, machine: thisMachine() }));
  const dir = join(root, id);
  const file: SessionFile = { id, owner, machine: thisMachine(), began: clock.now().utc };
  try {
    await mkdir(join(unborn, 'processes'), { recursive: true, mode: 0o700 });
    await writeFile(join(unborn, 'session.json'), JSON.stringify(file), { mode: 0o600 });
    await chmod(unborn, 0o700);
    await rename(unborn, dir);
  } catch (error) {
    await rm(unborn, { recursive: true, force: true });
    throw explainDiskTrouble(error, root);
  }
  return own(attachSession(dir), clock);
}

/** Opens the session in `dir` for a process that adds to it without owning it. */
export function attachSession(dir: string): Session {
  const { id } = readSessionFile(dir);
  return {
    id,
    dir,
    environment: { DR_CONTRACTS_SESSION: id, DR_CONTRACTS_SESSION_DIR: dir },
    folder: (...parts) => {
      const folder = join(dir, ...parts);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw explainDiskTrouble(error, folder);
      }
      return folder;
    },
    register: (name, identity) => {
      const path = join(dir, 'processes', `${name}-${identity.pid}.json`);
      try {
        writeFileSync(`${path}.new`, JSON.stringify({ name, ...identity } satisfies RegisteredProcess), {
          mode: 0o600,
        });
        renameSync(`${path}.new`, path);
      } catch (error) {
        signalGroup(identity.pid, 'SIGKILL');
        throw explainDiskTrouble(error, path);
      }
      if (existsSync(join(dir, CLOSING))) {
        signalGroup(identity.pid, 'SIGKILL');
        throw new Error(`session ${id} is closing; ${name} was started too late`);
      }
      return () => rmSync(path, { force: true });
    },
    registered: () => readRegistered(dir),
  };
}

/** @throws when the file is missing or invalid. */
export function readSessionFile(dir: string): SessionFile {
  return sessionFileSchema.parse(JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')));
}

/** Reads every process in the register of the session in `dir`, running or not. */
export function readRegistered(dir: string): RegisteredProcess[] {
  const folder = join(dir, 'processes');
  const names = unlessGone(() => readdirSync(folder)) ?? [];
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const text = unlessGone(() => readFileSync(join(folder, name), 'utf8'));
      return text === undefined ? [] : [registeredProcessSchema.parse(JSON.parse(text))];
    });
}

/** Kills every registered process; never one that merely received its pid. */
function killRegistered(dir: string): RegisteredProcess[] {
  const running = readRegistered(dir).filter(isRunning);
  for (const { pid } of running) signalGroup(pid, 'SIGKILL');
  return running;
}

/**
 * Kills the registered processes of the session in `dir`, and those that carry its mark without being registered, until none of them runs.
 * @throws {WaitTimeoutError} naming those that still run.
 */
export async function endProcessesOf(dir: string, clock: Clock): Promise<void> {
  await waitFor(
    {
      for: `the processes of the session in ${dir} to end`,
      budgetMs: END_BUDGET_MS,
      intervalMs: 20,
      look: async () => {
        const running = killRegistered(dir).map(({ name }) => name);
        const strays = strayProcesses(dir);
        strays.forEach(killStray);
        return running.length + strays.length === 0
          ? arrived(undefined)
          : notYet(`still there: ${[...running, ...strays.map((pid) => `pid ${pid}`)].join(', ')}`);
      },
    },
    clock,
    new AbortController().signal,
  );
}

function own(session: Session, clock: Clock): OwnedSession {
  const removeAtExit = () => {
    // Last resort of a harness that ends without teardown, e.g. after an uncaught error: nothing asynchronous runs here.
    killRegistered(session.dir);
    rmSync(session.dir, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', removeAtExit);
  let closing: Promise<void> | undefined;
  const close = async () => {
    await announceClosing(session.dir);
    await endProcessesOf(session.dir, clock);
    await rm(session.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    process.removeListener('exit', removeAtExit);
  };
  return {
    ...session,
    [Symbol.asyncDispose]: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Announces that the session closes. Ignores a full disk, which must not prevent the removal of a session. */
async function announceClosing(dir: string): Promise<void> {
  try {
    await writeFile(join(dir, CLOSING), '');
  } catch (error) {
    if (explainDiskTrouble(error, dir) === error) throw error;
  }
}

function newSessionId(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 10 }, (_, index) => alphabet[randomInt(index === 0 ? 26 : alphabet.length)]).join('');
}

/** Returns undefined when the file or folder is gone: other processes end and clean up at the same time. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
