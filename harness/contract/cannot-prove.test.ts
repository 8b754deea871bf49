import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { drillRecordSchema } from '../model/record.ts';
import { Places, readyTarget, type Target } from '../model/target.ts';
import { runContracts } from './run-contracts.ts';

const source = `
import { contract, jetstream, script } from '${resolve('harness/index.ts')}';
const scripts = { backup: 'fixtures/platform/scripts/nats-backup.sh', restore: 'fixtures/platform/scripts/nats-restore.sh' };
contract({
  name: 'orders',
  asset: jetstream({ streams: [{ name: 'orders', subjects: ['orders.created'], messages: 10 }] }),
  rto: '10m',
  rpo: '5m',
  priority: 'P0',
  owner: 'orders',
  protectedBy: {
    ...script({ ...scripts, schedule: { cron: '*/2 * * * *' }, prefix: 'orders/' }),
    differencesFromProduction() { throw new Error('no idea'); },
  },
  survives: ['stream-deleted'],
});
`;

it('B1: a drill that the target cannot carry has its unproven record, even if the procedure cannot describe itself', async () => {
  const outDir = await mkdtemp(join(tmpdir(), 'dr-contracts-cannot-'));
  onTestFinished(() => rm(outDir, { recursive: true, force: true }));
  const file = join(outDir, 'orders.spec.ts');
  await writeFile(file, source);
  const target = {
    name: 'made up',
    sessionId: 'x',
    capabilities: [],
    tools: [],
    differencesFromProduction: [],
    sandbox: { kind: 'none', reason: 'a test' },
    ...new Places('made up', []).members,
  } as unknown as Target;
  const { records } = await runContracts({
    contractFiles: { folder: outDir, files: [file], mistakes: [] },
    project: { folder: outDir, outDir },
    only: [],
    all: true,
    startTarget: async () => readyTarget(target),
    runId: 'r',
    outDir,
    scratchDir: outDir,
    jobs: 1,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    trigger: 'test',
  });
  expect(records.map(({ judgement }) => judgement?.verdict)).toEqual(['unproven']);
  expect(records[0]?.failure?.messages).toEqual([expect.stringContaining('the contract needs'), 'no idea']);
  const [saved = ''] = await readdir(join(outDir, 'drills'));
  const text = await readFile(join(outDir, 'drills', saved), 'utf8');
  expect(drillRecordSchema.parse(JSON.parse(text)).judgement?.verdict).toBe('unproven');
});
