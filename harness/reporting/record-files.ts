import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import { explaining, namesIn } from './system-error.ts';

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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
