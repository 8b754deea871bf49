import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { drillRecordSchema } from '../model/record.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { identifySelf, thisMachine } from '../process/identity.ts';
import { closeDeadRuns, RUNNING_FILE } from './earlier-runs.ts';
import { newRunId, openRunFolder } from './run-folder.ts';
import { madeUpDrill } from './testing/made-up-records.ts';

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

async function begunRun() {
  const outDir = await mkdtemp(join(tmpdir(), 'dr-contracts-begun-'));
  onTestFinished(() => rm(outDir, { recursive: true, force: true }));
  const folder = await openRunFolder(outDir, newRunId(systemClock));
  const began = systemClock.now().utc;
  await folder.reached({ began, command: 'dr-contracts drill', target: 'local', stage: 'target started' });
  const dies = async () => {
    const owner = { pid: identifySelf().pid, startTime: 'of another process' };
    await writeFile(join(folder.path, RUNNING_FILE), JSON.stringify({ owner, machine: thisMachine() }));
  };
  return { outDir, folder, dies };
}

test('B37: a run that was killed while its target started is recorded as interrupted by the next one', async () => {
  const { outDir, folder, dies } = await begunRun();
  await dies();
  const [closed] = await closeDeadRuns(outDir, systemClock);
  expect(closed).toMatchObject({ runId: folder.runId, stage: 'target started' });
  const record = runRecordSchema.parse(await readJson(join(folder.path, 'run.json')));
  expect(record).toMatchObject({
    command: 'dr-contracts drill',
    summary: { exitCode: 2 },
    failure: { interrupted: true },
  });
  expect(record.failure?.messages[0]).toContain('was killed at the stage "target started"');
  expect(await closeDeadRuns(outDir, systemClock)).toEqual([]);
  expect(await readdir(folder.path)).toEqual(['drills', 'run.json']);
});

test('B37: a drill of it that was not judged is unproven, one that was keeps its verdict', async () => {
  const { outDir, folder, dies } = await begunRun();
  const judged = madeUpDrill({ contract: 'one' });
  const open = { ...madeUpDrill({ contract: 'two' }), state: 'restored', judgement: null };
  for (const drill of [judged, open]) {
    await writeFile(
      join(folder.path, 'drills', `${drill.contract.name}--x--${drill.drillId}.json`),
      JSON.stringify(drill),
    );
  }
  await dies();
  await closeDeadRuns(outDir, systemClock);
  const { drills } = runRecordSchema.parse(await readJson(join(folder.path, 'run.json')));
  expect(drills.map(({ judgement }) => judgement?.verdict)).toEqual([judged.judgement?.verdict, 'unproven']);
  const file = join(folder.path, 'drills', `two--x--${open.drillId}.json`);
  expect(drillRecordSchema.parse(await readJson(file))).toMatchObject({
    state: 'complete',
    failure: { aborted: true },
  });
});

test('B37: a run that goes on is left alone', async () => {
  const { outDir, folder } = await begunRun();
  expect(await closeDeadRuns(outDir, systemClock)).toEqual([]);
  expect((await readdir(folder.path)).toSorted()).toEqual(['begun.json', 'drills', RUNNING_FILE]);
});
