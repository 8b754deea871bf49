import { access, constants, rm } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { afterwards } from '../../base/afterwards.ts';
import { summaryOf } from '../../model/errors.ts';
import { execute, observedEnding } from '../run.ts';
import { ownedFolder } from '../scratch.ts';
import {
  type BubblewrapOptions,
  bubblewrapArguments,
  bubblewrapInstructions,
  systemCallFilter,
  systemMounts,
} from './arguments.ts';

/** Oldest usable version: `--disable-userns` came with 0.8.0, `--json-status-fd` and `--args` long before. */
const OLDEST = [0, 8, 0] as const;
/** Generous budget, because a busy machine starts a process slowly. */
const PROBE_BUDGET_MS = 30_000;

/** A `bwrap` that works on this machine. */
export interface WorkingBubblewrap extends BubblewrapOptions {
  readonly version: string;
}

export interface RefusedBubblewrap {
  readonly refused: string;
}

/** Returns every `bwrap` on PATH, in the order of its folders. */
export async function bubblewrapsOnPath(searchPath: string): Promise<readonly string[]> {
  const candidates = [...new Set(searchPath.split(delimiter).filter(isAbsolute))].map((folder) =>
    join(folder, 'bwrap'),
  );
  const usable = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => usable[index]);
}

/**
 * Tries a `bwrap` by running a program in the sandbox that drills use. Root gets no user namespace if it works without one: in a namespace
 * it could not give files to other users, as tar does. Every other user needs one, which Ubuntu's AppArmor profile,
 * `user.max_user_namespaces=0` and container runtimes forbid.
 */
export async function tryBubblewrap(path: string, signal: AbortSignal): Promise<WorkingBubblewrap | RefusedBubblewrap> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(PROBE_BUDGET_MS)]);
  try {
    const version = await versionOf(path, within);
    if (version === undefined) return { refused: `${path} does not say its version` };
    if (isOlder(version)) return { refused: `${path} is ${version}, and ${OLDEST.join('.')} or newer is needed` };
    const asRoot = process.getuid?.() === 0;
    let refusal = '';
    // Without the filter, root could make its own user namespace in the sandbox.
    const withoutFirst = asRoot && systemCallFilter() !== undefined;
    for (const userNamespace of withoutFirst ? [false, true] : asRoot ? [true, false] : [true]) {
      const problem = await problemWith({ path, userNamespace, scopedBy: null }, within);
      if (problem === undefined) {
        const scopedBy = await findScoping({ path, userNamespace, scopedBy: null }, within);
        return { path, version, userNamespace, scopedBy };
      }
      refusal = refusal === '' ? problem : refusal;
    }
    return { refused: refusal };
  } catch (error) {
    signal.throwIfAborted();
    return { refused: summaryOf(error) };
  }
}

async function versionOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  const { stdout } = await execute({ file: path, args: ['--version'], env: {} }, signal);
  return /^bubblewrap (\d+\.\d+\.\d+)/m.exec(stdout)?.[1];
}

function isOlder(version: string): boolean {
  const parts = version.split('.').map(Number);
  const index = OLDEST.findIndex((wanted, position) => parts[position] !== wanted);
  return index !== -1 && (parts[index] ?? 0) < (OLDEST[index] ?? 0);
}

/**
 * Returns the problem of a `bwrap`; undefined when a program runs in it, sees only its own processes, and cannot write the machine's kernel
 * settings.
 */
async function problemWith(bubblewrap: BubblewrapOptions, signal: AbortSignal): Promise<string | undefined> {
  const script = '[ "$$" -lt 100 ] && [ ! -w /proc/sys/kernel/core_pattern ] && echo sandboxed';
  const ended = await tryIn(bubblewrap, ['/bin/sh', '-c', script], signal);
  if (ended.exitCode === 0 && ended.stdout.includes('sandboxed')) return undefined;
  return observedEnding(ended);
}

/**
 * Finds a program that can block abstract unix sockets. Perl starts in a few milliseconds and is part of most distributions; any Python can
 * do the same.
 */
async function findScoping(bubblewrap: BubblewrapOptions, signal: AbortSignal): Promise<string | null> {
  for (const program of ['/usr/bin/perl', '/usr/bin/python3']) {
    if (!(await isExecutable(program))) continue;
    const scoped = { ...bubblewrap, scopedBy: program };
    const ended = await tryIn(scoped, ['/bin/sh', '-c', 'echo scoped'], signal);
    if (ended.exitCode === 0 && ended.stdout.includes('scoped')) return program;
  }
  return null;
}

async function tryIn(bubblewrap: BubblewrapOptions, command: readonly string[], signal: AbortSignal) {
  const root = ownedFolder();
  await using _removal = afterwards(() => rm(root, { recursive: true, force: true }));
  const sandbox = {
    root,
    hostname: 'probe',
    mounts: await systemMounts(root),
    closed: [],
    environment: { PATH: '/usr/bin:/bin' },
    workingDirectory: '/',
  };
  const instructions = bubblewrapInstructions(sandbox, bubblewrap);
  const started = bubblewrapArguments(bubblewrap, command);
  return await execute({ file: bubblewrap.path, ...started, env: {}, instructions }, signal);
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
