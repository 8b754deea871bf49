import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DrillRecord } from '../../model/record.ts';
import { type RunRecord, runRecordSchema } from '../../model/run-record.ts';

// Run by hand after a change of the record's form, for each target: node harness/verdict/testing/keep-records.ts reports/latest/run.json
// Keeps the `met` records of a real run for the test that changes one field at a time. It removes everything that belongs to a machine.

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('Name the run.json of a run whose drills are met.');
const run = runRecordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
const folder = new URL('records/', import.meta.url);
const file = new URL(`${basename(run.target)}.json.gz`, folder);
const text = withoutMachine(JSON.stringify(met(run)));
await writeFile(file, gzipSync(text, { level: 9 }));
process.stdout.write(`wrote ${file.pathname}\n`);

function met({ drills, postures = [] }: RunRecord): Pick<RunRecord, 'drills' | 'postures'> {
  return {
    drills: drills
      .filter(({ judgement }) => judgement?.verdict === 'met')
      .map((drill) => ({
        ...drill,
        environment: {
          ...withoutStarter(drill.environment),
          host: { platform: 'linux', arch: 'x64', cpus: 2, memoryBytes: 8e9 },
          commit: null,
          dirty: null,
          trigger: 'test',
        },
      })),
    postures: postures.filter(({ verdict }) => verdict === 'met'),
  };
}

function withoutStarter({ ranBy: _, ...environment }: DrillRecord['environment']): DrillRecord['environment'] {
  return environment;
}

/** Replaces absolute paths of folders that only this machine has. */
function withoutMachine(text: string): string {
  return text.replaceAll(/\/(?:root|home|tmp|private|Users|work|var\/folders)\/[^\s"'\\),;:]*/g, '/somewhere');
}
