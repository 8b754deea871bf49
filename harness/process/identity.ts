import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

/** Identity of one process while its machine runs. The system reuses a pid alone, but not a pid with the start time of its process. */
export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  /** Opaque. Equal for the same process, different for another process with the same pid. */
  startTime: z.string().min(1),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** Machine or container in which a pid is valid. */
export const machineSchema = z.object({ host: z.string(), bootId: z.string(), pidNamespace: z.string() });
export type Machine = z.infer<typeof machineSchema>;

/** Returns the identity of a running process; undefined when there is none. A zombie does not run any more, so it counts as none. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new Error(`cannot read the start time of this process (pid ${process.pid})`);
  return self;
}

/** Returns true while this process runs, not merely another one with its pid. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** A process, and the machine or container in which its pid is valid. */
export const ownerSchema = z.object({ owner: processIdentitySchema, machine: machineSchema });
export type Owner = z.infer<typeof ownerSchema>;

/** Returns whether the owner lives. `unclear` when the processes of its machine or container cannot be seen from here. */
export function livenessOf({ owner, machine }: Owner): 'live' | 'dead' | 'unclear' {
  const here = thisMachine();
  if (machine.host === here.host && machine.bootId !== here.bootId) return 'dead';
  if (machine.host !== here.host || machine.pidNamespace !== here.pidNamespace) return 'unclear';
  return isRunning(owner) ? 'live' : 'dead';
}

export function thisMachine(): Machine {
  return {
    host: hostname(),
    bootId: process.platform === 'linux' ? readOrEmpty('/proc/sys/kernel/random/boot_id') : '',
    pidNamespace: process.platform === 'linux' ? readLinkOrEmpty('/proc/self/ns/pid') : '',
  };
}

/**
 * Reads field 22 of `/proc/PID/stat`, in clock ticks since boot (proc(5)). The command name before it may hold spaces and parentheses. A
 * process whose first thread is a zombie while other threads are still ending (field 20 counts them) still holds its ports, so it counts as
 * running.
 */
function startTimeFromProc(pid: number): string | undefined {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  const fieldsFromState = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fieldsFromState;
  if (state === undefined || state === '') return undefined;
  const threads = Number(fieldsFromState[17]);
  return state === 'X' || (state === 'Z' && threads <= 1) ? undefined : fieldsFromState[19];
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const [state = '', ...start] = line.split(/\s+/);
    return line === '' || state.startsWith('Z') ? undefined : start.join(' ');
  } catch (error) {
    // ps exits 1 when there is no such process. Any other failure (no ps at all) must not count as "gone".
    if (error instanceof Error && 'status' in error && error.status === 1) return undefined;
    throw error;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

function readLinkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isGone(error) || (error instanceof Error && 'code' in error && error.code === 'EACCES')) return '';
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}
