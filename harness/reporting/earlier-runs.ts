import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../clock/clock.ts';
import { ranBySchema } from '../model/audit.ts';
import { type DrillRecord, drillRecordSchema, RECORD_SCHEMA_VERSION } from '../model/record.ts';
import type { RunRecord } from '../model/run-record.ts';
import { livenessOf, ownerSchema } from '../process/identity.ts';
import { judge } from '../verdict/judge.ts';
import { jsonOf } from './record-files.ts';
import { writeAtomically } from './replaceable-file.ts';
import { summarise } from './run-summary.ts';
import { isNotThere, namesIn } from './system-error.ts';

/** File in a run's folder from its beginning until its record is written. */
export const BEGUN_FILE = 'begun.json';

const begunSchema = z.object({
  runId: z.string(),
  began: z.iso.datetime(),
  command: z.string(),
  ranBy: ranBySchema.optional(),
  target: z.string(),
  /** Last step of the run, e.g. `target started`. */
  stage: z.string(),
});

/** Known facts about a run before it has a record. */
export type BegunRun = z.infer<typeof begunSchema>;

/** Records that the run has begun, and how far it is. */
export async function writeBegun(path: string, begun: BegunRun): Promise<void> {
  await writeAtomically(join(path, BEGUN_FILE), `${JSON.stringify(begun, undefined, 2)}\n`);
}

/** A run whose process ended before it wrote its record. */
interface ClosedRun {
  readonly runId: string;
  readonly stage: string;
  readonly recordPath: string;
}

/**
 * Closes the records of runs whose process is gone (killed with -9, or its machine went down). It records the run as interrupted, and each
 * drill without a judgement as `unproven`. It does not touch a run that is still going on, here or elsewhere.
 */
export async function closeDeadRuns(outDir: string, clock: Clock): Promise<readonly ClosedRun[]> {
  const runsDir = join(outDir, 'runs');
  const closed: ClosedRun[] = [];
  for (const name of await namesIn(runsDir)) {
    const path = join(runsDir, name);
    const begun = begunSchema.safeParse(await jsonOf(join(path, BEGUN_FILE)));
    if (!begun.success || !(await isDead(path))) continue;
    const recordPath = join(path, 'run.json');
    if ((await jsonOf(recordPath)) === undefined) {
      const drills = await closeDrills(join(path, 'drills'), begun.data.stage);
      const record = recordOf(begun.data, drills, clock.now().utc);
      await writeAtomically(recordPath, `${JSON.stringify(record, undefined, 2)}\n`);
      closed.push({ runId: begun.data.runId, stage: begun.data.stage, recordPath });
    }
    for (const file of [BEGUN_FILE, RUNNING_FILE]) await rm(join(path, file), { force: true });
  }
  return closed;
}

function recordOf({ stage, ...begun }: BegunRun, drills: readonly DrillRecord[], closedUtc: string): RunRecord {
  const ended = [begun.began, ...drills.map(({ moments }) => moments.ended?.utc ?? moments.began.utc)]
    .toSorted()
    .at(-1);
  return {
    schemaVersion: RECORD_SCHEMA_VERSION,
    ...begun,
    ended: ended ?? begun.began,
    durationMs: Math.max(0, Date.parse(ended ?? begun.began) - Date.parse(begun.began)),
    stages: [],
    summary: summarise(drills, false),
    drills: [...drills],
    failure: {
      messages: [`${killed(stage)}; this record was closed at ${closedUtc}`],
      interrupted: true,
      killed: true,
    },
  };
}

const killed = (stage: string): string => `the process of this run was killed at the stage "${stage}"`;

/** Judges each drill without a judgement by its recorded data. */
async function closeDrills(folder: string, stage: string): Promise<readonly DrillRecord[]> {
  const drills: DrillRecord[] = [];
  for (const name of (await namesIn(folder)).filter((each) => each.endsWith('.json'))) {
    const path = join(folder, name);
    const parsed = drillRecordSchema.safeParse(await jsonOf(path));
    if (!parsed.success) continue;
    if (parsed.data.judgement !== null) {
      drills.push(parsed.data);
      continue;
    }
    const last = parsed.data.stages.at(-1)?.name ?? 'start';
    const failure = { stage: last, blame: 'harness' as const, messages: [killed(stage)], aborted: true };
    const unjudged: DrillRecord = { ...parsed.data, state: 'complete', failure: parsed.data.failure ?? failure };
    const record = { ...unjudged, judgement: judge(unjudged) };
    await writeAtomically(path, `${JSON.stringify(record, undefined, 2)}\n`);
    drills.push(record);
  }
  return drills;
}

async function isDead(path: string): Promise<boolean> {
  const owner = ownerSchema.safeParse(await jsonOf(join(path, RUNNING_FILE)));
  return owner.success && livenessOf(owner.data) === 'dead';
}

/** File in the folder of a run in progress that names the owning process: pid, start time and machine. */
export const RUNNING_FILE = 'running.pid';

/** File in the folder of a run whose entries are not all in the ledger yet. */
export const OWED_FILE = 'owed-to-ledger.json';

/** Matches only names that the harness gives, so that other folders beside the runs are never touched. */
const RUN_ID = /^\d{8}T\d{9}Z-[0-9a-f]{6}$/;
/** Files that a run writes into its folder, complete or partial. */
const RUN_FILE = /^(run\.json|running\.pid|begun\.json|\.(run|begun)\.json\.[0-9a-f]+\.tmp)$/;
/** `<contract>--<disaster>--<drill id>.json`, complete or partial. */
const DRILL_FILE = /^[a-z0-9-]+--[a-z0-9-]+--[a-z0-9]+\.json(?:\.part)?$/;

/**
 * Removes all runs but the newest `keep`. It never removes a run in progress, here or in another process, a run whose records are not in
 * the ledger yet, or foreign files in the folder of a run.
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

/** Returns the run ids beyond the newest `keep`, oldest first. */
function surplus(runIds: readonly string[], keep: number): string[] {
  const oldestFirst = runIds.toSorted();
  return oldestFirst.slice(0, Math.max(0, oldestFirst.length - keep));
}

/**
 * Removes the files that a run writes, and folders that are then empty. Foreign files stay.
 * @returns false if a foreign file is left.
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

/** Returns whether the process of a run is still running, as far as this machine can tell. */
export async function goesOn(path: string): Promise<boolean> {
  try {
    const written = ownerSchema.safeParse(JSON.parse(await readFile(join(path, RUNNING_FILE), 'utf8')));
    return written.success && livenessOf(written.data) !== 'dead';
  } catch (error) {
    if (error instanceof SyntaxError || isNotThere(error)) return false;
    throw error;
  }
}
