import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { identify } from '../process/identity.ts';
import { isNoSuchProcess } from '../process/run.ts';

/**
 * Returns the pids of the processes that carry the session's folder in their environment: those that were started but not registered before
 * the harness died, and children of registered ones. Linux only; elsewhere the result is empty because there is no way to find them.
 */
export function strayProcesses(sessionDir: string): number[] {
  if (process.platform !== 'linux') return [];
  const mark = `DR_CONTRACTS_SESSION_DIR=${resolve(sessionDir)}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(mark) && identify(pid) !== undefined);
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Ended in the meantime, or owned by another user: not part of the session in either case.
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return [];
    throw error;
  }
}

export function killStray(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}
