import { describe, expect, it } from 'vitest';
import { drillRecordSchema } from '../model/record.ts';
import { memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const verdictOf = (record: Awaited<ReturnType<typeof runMemoryDrill>>['record'], finding: string) =>
  record.judgement?.findings.find(({ name }) => name === finding)?.verdict;

describe('a drill of an asset that is really backed up and restored', () => {
  it('is met, and its record is complete and valid', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld()));
    expect(record.judgement).toMatchObject({ verdict: 'met' });
    expect(drillRecordSchema.parse(record).state).toBe('complete');
  });

  it('saves its record at the start, after the restore and after the verdict', async () => {
    const { saved } = await runMemoryDrill(memoryContract(memoryWorld()));
    expect(saved.map(({ state }) => state)).toEqual(['started', 'restored', 'complete']);
  });

  it('has phases that add up to RTA, with detection and decision added and shown as added', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld()));
    const { disasterEnded, serviceRestored } = record.moments;
    const measuredMs = record.phases.reduce((sum, phase) => sum + phase.measuredMs, 0);
    const elapsedMs = (serviceRestored?.monotonicMs ?? 0) - (disasterEnded?.monotonicMs ?? 0);
    expect(record.phases.map(({ name }) => name)).toEqual([
      'detection',
      'decision',
      'provisioning',
      'restore',
      'service-check',
    ]);
    expect(record.phases.map(({ addedMs }) => addedMs)).toEqual([90_000, 60_000, 0, 0, 0]);
    expect(record.judgement?.rta?.valueMs).toBeCloseTo(measuredMs + 150_000, 3);
    // Between two phases lies only bookkeeping; the sum never exceeds what passed.
    expect(measuredMs).toBeLessThanOrEqual(elapsedMs + 0.001);
    expect(measuredMs).toBeGreaterThan(elapsedMs * 0.5);
  });

  it('measures RPA from the last marker before the first lost one to the cut-off', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld()));
    const [lane] = record.markers;
    expect(lane?.lost).toBeGreaterThanOrEqual(3);
    expect(lane?.lostBeforeCapture).toBe(0);
    const expectedMs = (record.moments.cutOff?.monotonicMs ?? 0) - (lane?.lastBeforeLossMs ?? 0);
    expect(record.judgement?.rpa).toEqual({ valueMs: expectedMs, atLeast: false });
  });

  it('removes what it made, and records that it did', async () => {
    const world = memoryWorld();
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(world.disposed.count).toBe(1);
    expect(record.cleanup.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect(record.cleanup.map(({ what }) => what)).toContain('asset "memory"');
  });
});

describe('a drill that is sabotaged', () => {
  it('is breached when the backup fails', async () => {
    const world = memoryWorld();
    world.procedure = { backup: () => Promise.reject(new Error('the bucket stayed empty')) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain('the bucket stayed empty');
    expect(world.disposed.count).toBe(1);
  });

  it('is unproven when the disaster destroys nothing, and restores nothing', async () => {
    const world = memoryWorld();
    world.asset = { destroy: async () => ({ exercised: 'nothing' }) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('unproven');
    expect(record.judgement?.sentence).toMatch(/still there after the disaster.*20 values/);
    expect(record.restore).toBeNull();
  });

  it('is breached when the restore brings back one altered value', async () => {
    const world = memoryWorld();
    const honest = memoryContract(world).protectedBy;
    world.procedure = {
      backup: honest.backup,
      restore: async (point, context) => {
        const report = await honest.restore(point, context);
        world.store.values.set('key-7', 'value-8');
        return report;
      },
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain('key-7, value: expected value-7, found value-8');
  });

  it('is breached, not merely late, when the restore does nothing', async () => {
    const world = memoryWorld();
    world.procedure = { restore: async () => ({ claimed: 'Completed', warnings: [], commands: [] }) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(
      /markers acknowledged in lane before the backup began did not come back/,
    );
    expect(record.phases.at(-1)).toMatchObject({ name: 'service-check', outcome: 'timed-out' });
    expect(record.judgement?.rta?.atLeast).toBe(true);
  });

  it.each([
    [
      'altered',
      (markers: { sequence: number; body: string }[]) => markers.splice(0, 1, { sequence: 1, body: 'forged' }),
    ],
    ['more than once', (markers: { sequence: number; body: string }[]) => markers.push(...markers.slice(0, 1))],
    ['out of order', (markers: { sequence: number; body: string }[]) => markers.push(...markers.splice(0, 1))],
    ['nobody wrote', (markers: { sequence: number; body: string }[]) => markers.push({ sequence: 99_999, body: 'x' })],
    ['did not come back', (markers: { sequence: number; body: string }[]) => markers.splice(0, 1)],
  ])('is breached when a marker came back %s', async (cause, tamper) => {
    const world = memoryWorld();
    const honest = memoryContract(world).protectedBy;
    world.procedure = {
      backup: honest.backup,
      restore: async (point, context) => {
        const report = await honest.restore(point, context);
        tamper(world.store.markers);
        return report;
      },
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain(cause);
  });

  it('is unproven when what is there afterwards never went away', async () => {
    const world = memoryWorld();
    world.asset = { provision: async () => undefined };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(verdictOf(record, 'destruction')).toBe('unproven');
    expect(record.judgement?.sentence).toContain('incarnation is the same as before the disaster');
  });

  it('is unproven when nothing was compared', async () => {
    const world = memoryWorld();
    world.asset = { compare: async () => ({ items: [], firstDifferences: [], notVerified: [] }) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.judgement?.verdict).toBe('unproven');
    expect(record.judgement?.sentence).toContain('Zero items were compared');
  });

  it('is breached when the schedule permits more loss than was promised, however well the drill went', async () => {
    const world = memoryWorld();
    const { record } = await runMemoryDrill(memoryContract(world, { rpoMs: 1_800_000 }));
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain(
      'the schedule "0 * * * *" (UTC) with its capture and upload permits losing 1 h',
    );
  });

  it('is breached when the budgeted detection alone is longer than the RTO', async () => {
    const { record } = await runMemoryDrill(memoryContract(memoryWorld(), { rtoMs: 60_000 }));
    expect(verdictOf(record, 'rto')).toBe('breached');
  });
});

describe('a drill that errs', () => {
  it('leaves a record that names the stage, the message and its causes, and cleans up', async () => {
    const world = memoryWorld();
    world.asset = { seed: () => Promise.reject(new Error('no room', { cause: new Error('disk full') })) };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.failure).toMatchObject({ stage: 'seed', blame: 'harness', messages: ['no room', 'disk full'] });
    expect(record.judgement?.verdict).toBe('unproven');
    expect(world.disposed.count).toBe(1);
  });

  it('records a restore that does not end as "more than", never as zero', async () => {
    const world = memoryWorld();
    world.procedure = { restore: () => new Promise(() => undefined) };
    const { record } = await runMemoryDrill(memoryContract(world, { rtoMs: 100, detection: undefined, decisionMs: 0 }));
    const restore = record.phases.find(({ name }) => name === 'restore');
    expect(restore).toMatchObject({ outcome: 'timed-out' });
    expect(restore?.measuredMs).toBeGreaterThan(100);
    expect(record.judgement?.rta?.atLeast).toBe(true);
    expect(record.judgement?.verdict).toBe('breached');
  });

  it('is interrupted by its signal, says so, and still cleans up', async () => {
    const world = memoryWorld();
    const abort = new AbortController();
    world.procedure = {
      backup: () => {
        abort.abort(new Error('stopped by the operator'));
        return new Promise(() => undefined);
      },
    };
    const { record } = await runMemoryDrill(memoryContract(world), { signal: abort.signal });
    expect(record.failure).toMatchObject({ stage: 'backup', aborted: true });
    expect(record.judgement?.verdict).toBe('unproven');
    expect(world.disposed.count).toBe(1);
  });

  it('keeps the first failure when clean-up fails too', async () => {
    const world = memoryWorld();
    world.asset = {
      seed: () => Promise.reject(new Error('no room')),
      [Symbol.asyncDispose]: () => Promise.reject(new Error('cannot remove it')),
    };
    const { record } = await runMemoryDrill(memoryContract(world));
    expect(record.failure?.messages).toEqual(['no room']);
    expect(record.cleanup).toContainEqual({ what: 'asset "memory"', outcome: 'failed', message: 'cannot remove it' });
  });
});
