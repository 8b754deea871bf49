import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Lies in the folder of a run that goes on, and holds the id of its process. */
export const RUNNING_FILE = 'running.pid';

/** Only what the harness names itself: a folder that somebody put beside the runs is never touched. */
const RUN_ID = /^\d{8}T\d{9}Z-[0-9a-f]{6}$/;

/**
 * Removes the oldest runs but for the newest `keep`. A run that goes on, here or in another process, is never removed.
 * @returns the ids of the removed runs.
 */
export async function removeOldRuns(outDir: string, keep: number): Promise<readonly string[]> {
  const runsDir = join(outDir, 'runs');
  const entries = await readdir(runsDir, { withFileTypes: true });
  const ids = entries.filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name)).map((entry) => entry.name);
  const removed: string[] = [];
  for (const id of surplus(ids, keep)) {
    const path = join(runsDir, id);
    if (await isRunning(path)) continue;
    await rm(path, { recursive: true, force: true });
    removed.push(id);
  }
  return removed;
}

/** The run ids beyond the newest `keep`, oldest first. */
export function surplus(runIds: readonly string[], keep: number): string[] {
  const oldestFirst = runIds.toSorted();
  return oldestFirst.slice(0, Math.max(0, oldestFirst.length - keep));
}

async function isRunning(path: string): Promise<boolean> {
  let pid: number;
  try {
    pid = Number(await readFile(join(path, RUNNING_FILE), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
