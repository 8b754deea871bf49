import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { livenessOf, ownerSchema } from '../process/identity.ts';
import { isNotThere, namesIn } from './system-error.ts';

/** Lies in the folder of a run that goes on, and says which process owns it: pid, start time and machine. */
export const RUNNING_FILE = 'running.pid';

/** Lies in the folder of a run whose entries are not all in the ledger yet. */
export const OWED_FILE = 'owed-to-ledger.json';

/** Only what the harness names itself: a folder that somebody put beside the runs is never touched. */
const RUN_ID = /^\d{8}T\d{9}Z-[0-9a-f]{6}$/;
/** What a run writes into its folder, finished or half. */
const RUN_FILE = /^(run\.json|running\.pid|begun\.json|\.(run|begun)\.json\.[0-9a-f]+\.tmp)$/;
/** `<contract>--<disaster>--<drill id>.json`, finished or half. */
const DRILL_FILE = /^[a-z0-9-]+--[a-z0-9-]+--[a-z0-9]+\.json(?:\.part)?$/;

/**
 * Removes the oldest runs except for the newest `keep`. A run that goes on, here or in another process, is never removed, neither is one
 * whose records are not in the ledger yet, nor what somebody put into the folder of a run.
 * @returns the ids of the removed runs.
 */
export async function removeOldRuns(outDir: string, keep: number): Promise<readonly string[]> {
  const runsDir = join(outDir, 'runs');
  const entries = await readdir(runsDir, { withFileTypes: true });
  const ids = entries.filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name)).map((entry) => entry.name);
  const removed: string[] = [];
  for (const id of surplus(ids, keep)) {
    const path = join(runsDir, id);
    if ((await goesOn(path)) || (await namesIn(path)).includes(OWED_FILE)) continue;
    if (await removeRun(path)) removed.push(id);
  }
  return removed;
}

/** The run ids beyond the newest `keep`, oldest first. */
export function surplus(runIds: readonly string[], keep: number): string[] {
  const oldestFirst = runIds.toSorted();
  return oldestFirst.slice(0, Math.max(0, oldestFirst.length - keep));
}

/**
 * Removes the files that a run writes, and the folders when they are empty then. What somebody put beside them stays.
 * @returns false when something of somebody else is left.
 */
async function removeRun(path: string): Promise<boolean> {
  const drills = join(path, 'drills');
  for (const name of await namesIn(drills)) if (DRILL_FILE.test(name)) await rm(join(drills, name), { force: true });
  for (const name of await namesIn(path)) if (RUN_FILE.test(name)) await rm(join(path, name), { force: true });
  return (await removedWhenEmpty(drills)) && (await removedWhenEmpty(path));
}

async function removedWhenEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** Whether the process of a run still runs, as far as can be seen from here. */
export async function goesOn(path: string): Promise<boolean> {
  try {
    const written = ownerSchema.safeParse(JSON.parse(await readFile(join(path, RUNNING_FILE), 'utf8')));
    return written.success && livenessOf(written.data) !== 'dead';
  } catch (error) {
    if (error instanceof SyntaxError || isNotThere(error)) return false;
    throw error;
  }
}
