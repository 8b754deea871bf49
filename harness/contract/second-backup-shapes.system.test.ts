import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { runDrill } from '../drill/run-drill.ts';
import { jetstream, script } from '../index.ts';
import type { DrillRecord } from '../model/record.ts';
import { shapes } from '../systems/nats/testing/shapes.ts';
import { attachTarget } from './attach-target.ts';
import { defineContract } from './define.ts';
import { newDrillId } from './drill-contract.ts';

const { handle, facts } = inject('drContracts');
const target = attachTarget(handle, { clock: systemClock });
let scratchDir: string;
beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-second-shapes-'));
});
afterAll(() => rm(scratchDir, { recursive: true, force: true }));

const DISASTERS = ['stream-deleted', 'server-lost'] as const;

async function drill(options: Parameters<typeof jetstream>[0], disaster: string): Promise<DrillRecord> {
  const contract = defineContract({
    name: 'shapes',
    asset: jetstream(options),
    rto: '15m',
    rpo: '1h',
    priority: 'P1',
    owner: 'tests',
    protectedBy: script({
      backup: 'fixtures/platform/scripts/nats-backup.sh',
      restore: 'fixtures/platform/scripts/nats-restore.sh',
      schedule: { cron: '*/15 * * * *', timeZone: 'UTC' },
      prefix: 'nats/',
    }),
    survives: DISASTERS,
  });
  return await runDrill({
    contract,
    disaster,
    target,
    drillId: newDrillId(),
    run: facts,
    scratchDir,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    save: async () => undefined,
    tuning: { goneBudgetMs: 5_000, serviceBudgetMs: 10_000 },
  });
}

describe.each(Object.entries(shapes))('%s', (_, options) => {
  it.each([
    ['older', 'stream-deleted'],
    ['newer', 'server-lost'],
  ])('N10: is changed between two backups, and the %s one comes back', async (which, disaster) => {
    const record = await drill(options, disaster);
    expect(record.judgement?.verdict, record.judgement?.sentence).toBe('met');
    expect(record.recoveryPoints?.restored).toBe(which);
    expect(record.recoveryPoints?.changes.length).toBeGreaterThan(0);
  });
});
