import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { DrillRecord } from '../model/record.ts';
import { knownDurations } from './record-files.ts';
import { madeUpDrill } from './testing/made-up-records.ts';

const drill = (contract: string, durationMs: number | null, changes: Partial<DrillRecord> = {}) => {
  const made = madeUpDrill({ contract });
  const began = made.moments.began;
  const ended = durationMs === null ? null : { ...began, monotonicMs: began.monotonicMs + durationMs };
  return { ...made, ...changes, moments: { ...made.moments, ended } };
};

async function outDirOf(runs: Readonly<Record<string, unknown>>): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'dr-contracts-durations-'));
  onTestFinished(() => rm(outDir, { recursive: true, force: true }));
  for (const [id, run] of Object.entries(runs)) {
    await mkdir(join(outDir, 'runs', id), { recursive: true });
    await writeFile(join(outDir, 'runs', id, 'run.json'), typeof run === 'string' ? run : JSON.stringify(run));
  }
  return outDir;
}

it('takes each drill from the newest run in which it ended', async () => {
  const failure: DrillRecord['failure'] = { stage: 'restore', blame: 'harness', messages: ['x'], aborted: true };
  const outDir = await outDirOf({
    '20260101T000000000Z-000001': { drills: [drill('orders', 9_000), drill('api', 70_000), drill('logs', 5_000)] },
    '20260102T000000000Z-000002': {
      drills: [drill('orders', 8_000), drill('logs', 100, { failure }), drill('api', null)],
    },
    '20260103T000000000Z-000003': 'cut short',
  });
  expect(await knownDurations(outDir)).toEqual(
    new Map([
      ['orders/stream-deleted', 8_000],
      ['logs/stream-deleted', 5_000],
      ['api/stream-deleted', 70_000],
    ]),
  );
});

it('counts all sizes of a drill where the run has a profile, and knows nothing where there was no run', async () => {
  const profile = { drilling: [{ what: 'orders/stream-deleted', durationMs: 40_000 }] };
  const outDir = await outDirOf({ '20260101T000000000Z-000001': { profile, drills: [drill('orders', 9_000)] } });
  expect(await knownDurations(outDir)).toEqual(new Map([['orders/stream-deleted', 40_000]]));
  expect(await knownDurations(join(outDir, 'nowhere'))).toEqual(new Map());
});
