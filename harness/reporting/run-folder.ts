import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../base/files.ts';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import { type RunRecord, runRecordSchema } from '../model/run-record.ts';
import { issuesInWords } from '../model/text.ts';
import { identifySelf, type Owner, thisMachine } from '../process/identity.ts';
import { BEGUN_FILE, type BegunRun, RUNNING_FILE, writeBegun } from './earlier-runs.ts';
import { jsonOf } from './record-files.ts';
import { writeAtomically } from './replaceable-file.ts';
import { explaining } from './system-error.ts';

export const newRunId = (clock: Clock): string => runIdAt(clock.now().utc);

/** Returns an id that sorts by start time, to the millisecond: `20251123T142301042Z-3fa9c1`. */
export function runIdAt(utc: string): string {
  return `${utc.replaceAll(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`;
}

/** Folder of a run in progress: `<out>/runs/<runId>`. Disposal removes the mark that stops other runs from deleting it. */
export interface OpenRunFolder extends AsyncDisposable {
  readonly runId: string;
  readonly path: string;
  /** Records how far the run is, for a later run that finds this folder after the process was killed. */
  reached(begun: Omit<BegunRun, 'runId'>): Promise<void>;
  /** Path of each drill's record, by the drill's id. */
  recordPaths(): Promise<ReadonlyMap<string, string>>;
  /** Returns the drill records that exist now, for an aborted run; skips unreadable ones. */
  salvage(): Promise<readonly DrillRecord[]>;
  /** Validates the record, then writes `run.json` here and its copy `<out>/latest/run.json`. */
  write(run: RunRecord): Promise<{ readonly runPath: string; readonly latestPath: string }>;
  /** Removes the folder of a run that never began (bad input). */
  discard(): Promise<void>;
}

export async function openRunFolder(outDir: string, runId: string): Promise<OpenRunFolder> {
  const path = join(outDir, 'runs', runId);
  const drillsPath = join(path, 'drills');
  const running = join(path, RUNNING_FILE);
  await explaining(`run folder ${path}`, async () => {
    await makeFolder(drillsPath);
    await writeAtomically(running, JSON.stringify({ owner: identifySelf(), machine: thisMachine() } satisfies Owner));
  });
  return {
    runId,
    path,
    reached: (begun) => explaining(`run folder ${path}`, () => writeBegun(path, { ...begun, runId })),
    salvage: async () => [...(await readRecords(drillsPath)).values()],
    recordPaths: async () =>
      new Map([...(await readRecords(drillsPath))].map(([file, record]) => [record.drillId, file])),
    async write(run) {
      const text = `${JSON.stringify(validated(run), undefined, 2)}\n`;
      const runPath = join(path, 'run.json');
      const latestPath = join(outDir, 'latest', 'run.json');
      await explaining(`run record ${runPath}`, () => writeAtomically(runPath, text));
      await rm(join(path, BEGUN_FILE), { force: true });
      await explaining(`run record ${latestPath}`, async () => {
        await makeFolder(join(outDir, 'latest'));
        await writeAtomically(latestPath, text);
      });
      return { runPath, latestPath };
    },
    discard: () => rm(path, { recursive: true, force: true }),
    [Symbol.asyncDispose]: () => rm(running, { force: true }),
  };
}

function validated(run: RunRecord): RunRecord {
  const result = runRecordSchema.safeParse(run);
  if (result.success) return result.data;
  throw new ExplainedError(
    {
      thing: `run record ${run.runId}`,
      expected: 'to match reports/schema/run.schema.json',
      observed: issuesInWords(result.error, 1),
      nextStep: 'This is a defect in dr-contracts. The drill records beside it are kept: attach them to your report.',
    },
    { cause: result.error },
  );
}

async function readRecords(drillsPath: string): Promise<ReadonlyMap<string, DrillRecord>> {
  const records = new Map<string, DrillRecord>();
  for (const name of (await readdir(drillsPath)).filter((each) => each.endsWith('.json')).toSorted()) {
    const file = join(drillsPath, name);
    const parsed = drillRecordSchema.safeParse(await jsonOf(file));
    if (parsed.success) records.set(file, parsed.data);
  }
  return records;
}
