import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { identify } from '../process/identity.ts';
import { isNoSuchProcess } from '../process/run.ts';

/**
 * Pids of the processes that carry the session's folder in their environment: those that were made but not registered before
 * the harness died, and what registered ones have left behind. Linux only; elsewhere nobody can look, and there are none.
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
    // Ended in the meantime, or somebody else's: not ours in either case.
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
