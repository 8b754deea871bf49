import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import { type RunRecord, runRecordSchema } from '../model/run-record.ts';
import { explaining, isNotThere, namesIn, unlessMissing } from './system-error.ts';

/** Reads every drill record below `<out>/runs`; skips files that are not a record of this form. */
export async function readDrillRecords(outDir: string): Promise<readonly DrillRecord[]> {
  const records: DrillRecord[] = [];
  for (const run of await namesIn(join(outDir, 'runs'))) {
    const folder = join(outDir, 'runs', run, 'drills');
    for (const name of (await namesIn(folder)).filter((each) => each.endsWith('.json'))) {
      const path = join(folder, name);
      const parsed = drillRecordSchema.safeParse(parseJson(await explaining(path, () => readFile(path, 'utf8'))));
      if (parsed.success) records.push(parsed.data);
    }
  }
  return records;
}

/** Reads the record of every run below `<out>/runs`; skips runs without one, or with one of another form. */
export async function readRunRecords(outDir: string): Promise<readonly RunRecord[]> {
  const records: RunRecord[] = [];
  for (const run of await namesIn(join(outDir, 'runs'))) {
    const path = join(outDir, 'runs', run, 'run.json');
    const text = await explaining(path, () => unlessMissing(() => readFile(path, 'utf8')));
    const parsed = runRecordSchema.safeParse(parseJson(text ?? ''));
    if (parsed.success) records.push(parsed.data);
  }
  return records;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Reads a JSON file; undefined if it does not exist or is not JSON. The caller has to validate the content. */
export async function jsonOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || isNotThere(error)) return undefined;
    throw error;
  }
}

/** Number of runs that are read, newest first. */
const MOST_RUNS = 5;

/** Required fields of a run record of any version. */
const runSchema = z.object({
  profile: z.object({ drilling: z.array(z.object({ what: z.string(), durationMs: z.number() })) }).optional(),
  drills: z.array(
    z.object({
      contract: z.object({ name: z.string() }),
      disaster: z.object({ name: z.string() }),
      moments: z.object({
        began: z.object({ monotonicMs: z.number() }),
        ended: z.object({ monotonicMs: z.number() }).nullable(),
      }),
      failure: z.unknown(),
    }),
  ),
});

/**
 * Returns how long each drill, by name, took in the newest run below `<out>/runs` in which it ended; with all its sizes if the run has a
 * profile. A failed drill does not count.
 */
export async function knownDurations(outDir: string): Promise<ReadonlyMap<string, number>> {
  const runsDir = join(outDir, 'runs');
  const newestFirst = (await namesIn(runsDir)).toReversed().slice(0, MOST_RUNS);
  const known = new Map<string, number>();
  for (const run of newestFirst) {
    const parsed = runSchema.safeParse(await jsonOf(join(runsDir, run, 'run.json')));
    if (!parsed.success) continue;
    const profiled = new Map(parsed.data.profile?.drilling.map(({ what, durationMs }) => [what, durationMs]));
    for (const { contract, disaster, moments, failure } of parsed.data.drills) {
      const name = `${contract.name}/${disaster.name}`;
      if (known.has(name) || moments.ended === null || (failure ?? null) !== null) continue;
      known.set(name, profiled.get(name) ?? moments.ended.monotonicMs - moments.began.monotonicMs);
    }
  }
  return known;
}
