import { describe, expect, it } from 'vitest';
import type { Contract } from '../model/contract.ts';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import { judge } from '../verdict/judge.ts';
import { memoryContract } from './testing/memory-asset.ts';
import { type MirroredWorld, mirroredWorld } from './testing/mirrored-world.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

async function drill(world: MirroredWorld, contract: Partial<Contract> = {}): Promise<DrillRecord> {
  const tuning = { markersAround: 3, replicaLooks: 4, replicaIntervalMs: 5, serviceBudgetMs: 500, markerIntervalMs: 5 };
  return (await runMemoryDrill(memoryContract(world, contract), { tuning })).record;
}

const findingOf = (record: DrillRecord, name: string) =>
  judge(record).findings.find((finding) => finding.name === name);

describe('a drill of a failover to a mirror', () => {
  it('is met, and its phases and the way back stand apart in a valid record', async () => {
    const record = await drill(mirroredWorld());
    expect(drillRecordSchema.parse(record).judgement).toMatchObject({ verdict: 'met' });
    expect(record.phases.map(({ name }) => name)).toEqual([
      'detection',
      'decision',
      'provisioning',
      'promotion',
      'redirect',
      'restore',
      'service-check',
    ]);
    const { disasterEnded, serviceRestored } = record.moments;
    const elapsedMs = (serviceRestored?.monotonicMs ?? 0) - (disasterEnded?.monotonicMs ?? 0);
    const measuredMs = record.phases.reduce((sum, phase) => sum + phase.measuredMs, 0);
    // The parts of the restore are not counted twice, and the fail-back is no part of RTA.
    expect(measuredMs).toBeLessThanOrEqual(elapsedMs + 0.001);
    expect(record.failBack?.stages.map(({ name }) => name)).toContain('rejoin');
  });

  it('reports what the mirror had not got as RPA, and the worst lag as exposure', async () => {
    const record = await drill(mirroredWorld());
    expect(record.markers[0]).toMatchObject({ lost: 3, lostFromReplica: 0 });
    expect(record.judgement?.rpa?.valueMs).toBeGreaterThan(0);
    expect(record.replication?.looks).toBeGreaterThanOrEqual(4);
    expect(record.replication?.lanes[0]).toMatchObject({ worstPositions: 3, atDisasterPositions: 3 });
    expect(record.judgement?.exposureMs).toBeGreaterThan(0);
    expect(findingOf(record, 'exposure')?.sentence).toMatch(
      /the mirror was at most 3 messages and .* behind in \d+ measurements/,
    );
  });

  it('is breached when a marker that the mirror had acknowledged is not there, however young it was', async () => {
    const world = mirroredWorld();
    world.promoted = (held) => held.slice(0, -1);
    const record = await drill(world);
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/^1 marker in lane was lost although the mirror had acknowledged them/);
  });

  it('is breached when the mirror is further behind than may be lost', async () => {
    const record = await drill(mirroredWorld(), { rpoMs: 1 });
    expect(findingOf(record, 'exposure')).toMatchObject({ verdict: 'breached' });
  });

  it('names the part of the restore that failed', async () => {
    const world = mirroredWorld();
    world.procedure = {
      schedule: 'mirror',
      restore: async (_point, { phase }) => {
        await phase?.('promotion', () => Promise.reject(new Error('still a mirror')));
        return { claimed: '', warnings: [], commands: [] };
      },
    };
    const record = await drill(world);
    expect(record.phases.find(({ name }) => name === 'promotion')).toMatchObject({
      outcome: 'failed',
      detail: 'still a mirror',
    });
    expect(record.judgement?.verdict).toBe('breached');
  });
});

describe('the way back', () => {
  it('has what the place stands on there again before users are kept out, and its servers only afterwards', async () => {
    const world = mirroredWorld();
    const order: string[] = [];
    const noting = (what: string) => async () => {
      order.push(what);
      return what;
    };
    world.lostPlace = {
      groundComesBack: async () => void (await noting('ground')()),
      comeBack: noting('servers'),
    };
    world.failBack = {
      beforeReturn: async () => ({ claimed: await noting('fence')(), warnings: [], commands: [] }),
    };
    expect(findingOf(await drill(world), 'fail-back')).toMatchObject({ verdict: 'met' });
    expect(order).toEqual(['ground', 'fence', 'servers']);
  });

  it('is split brain when the place that was lost accepts a write', async () => {
    const world = mirroredWorld();
    world.lostPlace = { tryWrites: async () => [{ what: 'a write', accepted: true, observed: 'acknowledged' }] };
    const record = await drill(world);
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/^Split brain: the place that was lost accepted a write on its return/);
  });

  it('is unproven when nobody can tell whether the place that was lost accepted a write', async () => {
    const world = mirroredWorld();
    world.lostPlace = {
      tryWrites: async () => [{ what: 'a write', accepted: false, unanswered: true, observed: 'no answer within 2 s' }],
    };
    expect(findingOf(await drill(world), 'fail-back')).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/no answer came \(a write: no answer within 2 s\)/),
    });
  });

  it.each([
    ['lost', (world: MirroredWorld) => void world.store.markers.shift(), /1 of \d+ markers lost \(first: 1\)/],
    [
      'duplicated',
      (world: MirroredWorld) => void world.store.markers.unshift(...world.store.markers.slice(0, 1)),
      /1 marker duplicated/,
    ],
  ])('is breached when a marker is %s on it', async (_, bend, said) => {
    const world = mirroredWorld();
    world.failBack = {
      failBack: async () => {
        bend(world);
        return { claimed: '', warnings: [], commands: [] };
      },
    };
    const record = await drill(world);
    expect(findingOf(record, 'fail-back')?.sentence).toMatch(said);
    expect(record.judgement?.verdict).toBe('breached');
  });

  it('that a script cannot go is a breach of its own: the service was back in time', async () => {
    const world = mirroredWorld();
    world.failBack = { rejoin: () => Promise.reject(new Error('the stream is in the way')) };
    const record = await drill(world);
    expect(findingOf(record, 'fail-back')).toMatchObject({
      verdict: 'breached',
      sentence: 'The fail-back failed at "rejoin": the stream is in the way',
    });
    expect(findingOf(record, 'rto')).toMatchObject({ verdict: 'met' });
    expect(record.failure).toBeNull();
  });

  it('is never met when any proof of it is taken away', async () => {
    const record = await drill(mirroredWorld());
    const { failBack, replication, ...rest } = record;
    if (failBack === undefined || replication === undefined) throw new Error('the drill did not go back');
    const without = [
      { ...failBack, writesTried: [] },
      { ...failBack, markers: [] },
      { ...failBack, comparison: null },
      { ...failBack, proofs: [] },
    ];
    for (const less of without) expect(judge({ ...rest, replication, failBack: less }).verdict).toBe('unproven');
    expect(judge({ ...rest, replication }).verdict).toBe('unproven');
    expect(judge({ ...rest, failBack }).verdict).toBe('unproven');
  });
});
