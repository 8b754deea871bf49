import { describe, expect, it } from 'vitest';
import type { Disaster } from '../model/asset.ts';
import type { Contract } from '../model/contract.ts';
import type { BackupSync } from '../model/procedure.ts';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import { judge } from '../verdict/judge.ts';
import { memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const backupSync: BackupSync = {
  inStandby: { waitMs: 120_000, because: 'a period of 1m' },
  inNewPlace: { waitMs: 60_000, because: 'a look once a minute' },
};

interface Given {
  readonly restoresIn?: Disaster['restoresIn'];
  readonly sync?: BackupSync | undefined;
  /** Time that the drill itself waits until the place knows the backup. */
  readonly waitsMs?: number;
  readonly contract?: Partial<Contract>;
}

async function drill({ restoresIn, sync, waitsMs = 2_000, contract = {} }: Given): Promise<DrillRecord> {
  const world = memoryWorld();
  const honest = memoryContract(world).protectedBy;
  world.procedure = {
    ...(sync === undefined ? {} : { backupSync: sync }),
    backup: honest.backup,
    restore: async (point, context) => {
      const { phase, backupWait, step } = context;
      if (backupWait !== undefined) await phase?.('backup-sync', () => step.clock.pause(waitsMs, step.signal));
      if (backupWait?.waitMs === null) throw new Error(`it never knows the backup: ${backupWait.because}`);
      return await honest.restore(point, context);
    },
  };
  const made = memoryContract(world, contract);
  const disasters = made.asset.disasters.map((each) => ({
    ...each,
    ...(restoresIn === undefined ? {} : { restoresIn }),
  }));
  return (await runMemoryDrill({ ...made, asset: { ...made.asset, disasters } })).record;
}

const syncOf = (record: DrillRecord) => record.phases.find(({ name }) => name === 'backup-sync');

describe('B38: the wait that production has for its sync of backups', () => {
  it.each([
    ['standby', 120_000, 'a period of 1m'],
    ['new place', 60_000, 'a look once a minute'],
  ] as const)(
    'of a restore in a %s is a phase of its own, in its place, with what was not waited for added',
    async (restoresIn, waitMs, because) => {
      const record = await drill({ restoresIn, sync: backupSync });
      expect(drillRecordSchema.parse(record).judgement).toMatchObject({ verdict: 'met' });
      expect(record.phases.map(({ name }) => name)).toEqual([
        'detection',
        'decision',
        'provisioning',
        'backup-sync',
        'restore',
        'service-check',
      ]);
      expect(record.disaster.backupWait).toEqual({ waitMs, because });
      // The measured wait of the drill and the added rest make up exactly the longest wait.
      const phase = syncOf(record);
      expect(phase).toMatchObject({ outcome: 'completed', detail: because });
      expect(phase?.measuredMs).toBeGreaterThanOrEqual(2_000);
      expect((phase?.measuredMs ?? 0) + (phase?.addedMs ?? 0)).toBeCloseTo(waitMs, 3);
      const measuredMs = record.phases.reduce((sum, each) => sum + each.measuredMs, 0);
      const addedMs = 90_000 + 60_000 + waitMs - (phase?.measuredMs ?? 0);
      expect(record.judgement?.rta?.valueMs).toBeCloseTo(measuredMs + addedMs, 3);
    },
  );

  it('adds nothing where the drill waited longer than production ever would', async () => {
    const record = await drill({ restoresIn: 'standby', sync: backupSync, waitsMs: 130_000 });
    expect(syncOf(record)).toMatchObject({ addedMs: 0 });
    expect(syncOf(record)?.measuredMs).toBeGreaterThanOrEqual(130_000);
    expect(record.judgement?.verdict).toBe('met');
  });

  it.each<[string, Given]>([
    ['where the place that took the backups survives', { sync: backupSync }],
    ['where the procedure reads the backup itself', { restoresIn: 'standby' }],
  ])('is not there %s', async (_, given) => {
    const record = await drill(given);
    expect(syncOf(record)).toBeUndefined();
    expect(record.disaster.backupWait).toBeUndefined();
    expect(record.expected?.phases).not.toContain('backup-sync');
    expect(record.judgement?.verdict).toBe('met');
  });

  it('breaks an RTO that the rest alone keeps, and the sentence shows it as added', async () => {
    const contract = { rtoMs: 200_000 };
    const without = await drill({ restoresIn: 'standby', contract });
    expect(judge(without).findings.find(({ name }) => name === 'rto')?.verdict).not.toBe('breached');
    const record = await drill({ restoresIn: 'standby', sync: backupSync, contract });
    expect(judge(record).findings.find(({ name }) => name === 'rto')).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringMatching(/backup-sync 2 s \+ 1 min 58 s added/),
    });
  });

  it('is a breach where production never learns of the backup, however well the drill could go', async () => {
    const never = { waitMs: null, because: 'a period of 0s' };
    const record = await drill({ restoresIn: 'standby', sync: { inStandby: never, inNewPlace: never } });
    expect(record.judgement).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining('it never knows the backup: a period of 0s'),
    });
    expect(drillRecordSchema.parse(record)).toEqual(record);
  });

  it('is counted in a restore that is cut off', async () => {
    const world = memoryWorld();
    world.procedure = { backupSync, restore: () => new Promise(() => undefined) };
    const made = memoryContract(world, { rtoMs: 300_000 });
    const disasters = made.asset.disasters.map((each) => ({ ...each, restoresIn: 'standby' as const }));
    const { record } = await runMemoryDrill({ ...made, asset: { ...made.asset, disasters } });
    expect(record.judgement).toMatchObject({ verdict: 'breached', rta: { atLeast: true } });
    expect(record.judgement?.rta?.valueMs).toBeGreaterThanOrEqual(300_000 + 120_000);
  });
});
