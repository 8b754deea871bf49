import { randomInt } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Short, unique, safe in every kind of name: stream, bucket, namespace. */
export function newDrillId(): string {
  return `d${Array.from({ length: 7 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')}`;
}

/** Writes a record, validated and in one step, below the run's folder. The same drill overwrites its own earlier state. */
export function recordSaver(runDir: string): (record: DrillRecord) => Promise<void> {
  return async (record) => {
    const dir = join(runDir, 'drills');
    await mkdir(dir, { recursive: true });
    const path = join(dir, `${record.contract.name}--${record.disaster.name}--${record.drillId}.json`);
    await writeFile(`${path}.part`, `${JSON.stringify(drillRecordSchema.parse(record), undefined, 2)}\n`);
    await rename(`${path}.part`, path);
  };
}
