import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DrillRecord, drillRecordSchema, type RunRecord, runRecordSchema } from '../model/record.ts';
import { explaining, isNotThere, namesIn, unlessMissing } from './system-error.ts';

/** Every drill record below `<out>/runs`, of whatever run; files that are no record of this form are left out. */
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

/** The record of every run below `<out>/runs`; a run that left none, or one of another form, is left out. */
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

/** The content of a JSON file; undefined where there is no such file, or it holds no JSON. It has to be validated. */
export async function jsonOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || isNotThere(error)) return undefined;
    throw error;
  }
}
