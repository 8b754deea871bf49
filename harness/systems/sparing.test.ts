import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { runMemoryDrill } from '../drill/testing/run-memory-drill.ts';
import type { DrillRecord } from '../model/record.ts';
import { sparing } from './sparing.ts';

const LONGER_THAN_ALLOWED_MS = 5_000;

interface Course {
  /** How long a read of the bystander takes once the disaster has begun; the healthy time without it. */
  readonly bystanderMs?: number;
  /** What such a read answers. */
  readonly refused?: string;
  /** How long the machine's own control takes, and the asset's where it has one. */
  readonly machineMs: number;
  readonly assetsControlMs?: number;
}

/** Drills a struck store beside a bystander; both are in memory, and the restore takes long enough to watch. */
async function drillBeside({ bystanderMs = 1, refused, machineMs, assetsControlMs }: Course): Promise<DrillRecord> {
  const clock = new ManualClock();
  const [struck, beside] = [memoryWorld(), memoryWorld()];
  let isStruck = false;
  const takes = (what: string, durationMs: number) => ({
    what,
    ask: (signal: AbortSignal) => clock.pause(durationMs, signal),
  });
  beside.asset = {
    probe: {
      read: async (signal) => {
        if (!isStruck) return;
        await clock.pause(bystanderMs, signal);
        if (refused !== undefined) throw new Error(refused);
      },
      write: async () => undefined,
    },
    ...(assetsControlMs === undefined ? {} : { speedControl: takes('the control of the asset', assetsControlMs) }),
  };
  const { asset, protectedBy } = memoryContract(struck);
  const contract = memoryContract(struck, {
    asset: sparing(
      { asset, bystander: memoryContract(beside).asset },
      { controlOf: () => takes('the control of the machine', machineMs), makeFolder: async () => undefined },
    ),
    protectedBy: {
      ...protectedBy,
      restore: async (point, context) => {
        isStruck = true;
        await clock.pause(20_000, context.step.signal);
        isStruck = false;
        return await protectedBy.restore(point, context);
      },
    },
  });
  const { record } = await runMemoryDrill(contract, { clock });
  return record;
}

const untouched = (record: DrillRecord) => record.judgement?.findings.find(({ name }) => name === 'untouched');

describe('a bystander', () => {
  it('that answers in time is met, whatever the controls do', async () => {
    const record = await drillBeside({ machineMs: 900 });
    expect(record.judgement?.verdict).toBe('met');
    expect(record.assurances?.[0]?.observed.every(({ attempts }) => attempts === undefined)).toBe(true);
  });

  it('that is slow while the machine is quick breaches the contract', async () => {
    const record = await drillBeside({ bystanderMs: LONGER_THAN_ALLOWED_MS, machineMs: 5, assetsControlMs: 5 });
    expect(untouched(record)?.verdict).toBe('breached');
    expect(record.judgement?.verdict).toBe('breached');
  });

  it('that is slow while the machine is slow is unproven, and the sentence says how slow the control was', async () => {
    const record = await drillBeside({ bystanderMs: LONGER_THAN_ALLOWED_MS, machineMs: 900 });
    expect(record.judgement).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/the control of the machine took up to 900 ms/),
    });
  });

  it('that is slow while the way to it is slow is unproven', async () => {
    const record = await drillBeside({ bystanderMs: LONGER_THAN_ALLOWED_MS, machineMs: 5, assetsControlMs: 1_200 });
    expect(record.judgement).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/the control of the asset took up to 1\.2 s/),
    });
  });

  it.each(['connect ECONNREFUSED', '/v1/identity answers 503', 'key-1 is not value-1'])(
    'that answers "%s" breaches the contract, however slow the machine is',
    async (refused) => {
      const record = await drillBeside({ bystanderMs: 1_500, refused, machineMs: 900 });
      expect(record.judgement).toMatchObject({ verdict: 'breached', sentence: expect.stringContaining(refused) });
    },
  );
});
