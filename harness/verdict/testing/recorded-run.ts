import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord } from '../../model/record.ts';
import { runRecordSchema } from '../../model/run-record.ts';

const kept = runRecordSchema.pick({ drills: true, postures: true });

export interface RecordedRun {
  readonly drills: readonly DrillRecord[];
  readonly postures: readonly PostureRecord[];
}

/** Reads the records of a real run of the reference platform, all of them `met`, as `keep-records.ts` kept them. */
export async function recordedRun(target: 'local' | 'docker'): Promise<RecordedRun> {
  const file = new URL(`records/${target}.json.gz`, import.meta.url);
  const { drills, postures = [] } = kept.parse(JSON.parse(gunzipSync(await readFile(file)).toString()));
  return { drills, postures };
}
