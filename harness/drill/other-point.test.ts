import { describe, expect, it } from 'vitest';
import type { OpenAsset } from '../model/asset.ts';
import type { Contract } from '../model/contract.ts';
import type { RecoveryPoint, RestoreContext } from '../model/procedure.ts';
import type { DrillRecord } from '../model/record.ts';
import { type MemoryWorld, memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const drill = async (contract: Contract): Promise<DrillRecord> => (await runMemoryDrill(contract)).record;

const content = (record: DrillRecord) => record.judgement?.findings.find(({ name }) => name === 'content');

type Restore = Contract['protectedBy']['restore'];

/** Returns a contract with one disaster and a faulty restore. */
function restoring(
  world: MemoryWorld,
  restore: (point: RecoveryPoint, context: RestoreContext, own: Restore) => ReturnType<Restore>,
): Contract {
  const contract = memoryContract(world);
  const own = contract.protectedBy.restore;
  return {
    ...contract,
    protectedBy: { ...contract.protectedBy, restore: (point, context) => restore(point, context, own) },
  };
}

describe('a contract with one disaster', () => {
  it('N10: restores the newer recovery point, and then the older one into the cleared place', async () => {
    const restored: [string, boolean | undefined][] = [];
    const world = memoryWorld();
    const record = await drill(
      restoring(world, (point, context, own) => {
        restored.push([point.id, context.isEarlier]);
        expect(world.store.values.size).toBe(0);
        return own(point, context);
      }),
    );
    expect(restored).toEqual([
      ['copy-2', false],
      ['copy-1', true],
    ]);
    expect(record.recoveryPoint?.id).toBe('copy-2');
    expect(record.recoveryPoints).toMatchObject({
      restored: 'newer',
      otherRestored: { cleared: [{ gone: true }], claimed: 'Completed', failure: null },
    });
    expect(record.judgement?.verdict).toBe('met');
    expect(content(record)?.sentence).toContain('from the newer of two recovery points, and after it from the older');
  });

  it('N10: times the first restore only', async () => {
    const world = memoryWorld();
    const once = await drill(memoryContract(world));
    const slow = await drill(
      restoring(memoryWorld(), async (point, context, own) => {
        if (context.isEarlier === true) await context.step.clock.pause(60_000, context.step.signal);
        return await own(point, context);
      }),
    );
    expect(slow.judgement?.rta).toEqual(once.judgement?.rta);
    expect(slow.judgement?.rpa).toEqual(once.judgement?.rpa);
    expect(slow.recovery?.steps).toEqual(once.recovery?.steps);
  });

  it.each([
    ['the newest by itself', 'copy-2', 'older', 'newer'],
    ['the oldest by itself', 'copy-1', 'newer', 'older'],
  ])('N10: a restore that takes %s brought back another point', async (_, taken, given, brought) => {
    const record = await drill(
      restoring(memoryWorld(), (point, context, own) => own({ ...point, id: taken }, context)),
    );
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'other-recovery-point' });
    expect(record.judgement?.sentence).toMatch(
      new RegExp(`given the ${given} recovery point.*brought back the content of the ${brought}`),
    );
  });

  it.each<[string, 'older' | 'newer', (world: MemoryWorld) => void, string]>([
    ['the newer backup has altered', 'newer', (world) => world.store.values.set('key-2', 'value-2'), 'content-altered'],
    ['the newer backup has left out', 'newer', (world) => world.store.values.delete('key-20'), 'content-missing'],
    ['the older backup has altered', 'older', (world) => world.store.values.set('key-9', 'x'), 'content-altered'],
    ['the older backup has left out', 'older', (world) => world.store.values.delete('key-9'), 'content-missing'],
    ['the older backup lost markers of', 'older', (world) => world.store.markers.splice(0, 1), 'content-missing'],
    ['came back empty from the older backup', 'older', (world) => world.store.values.clear(), 'content-missing'],
  ])('N04: breaches when something that %s is missing or wrong', async (_, which, spoil, cause) => {
    const world = memoryWorld();
    const record = await drill(
      restoring(world, async (point, context, own) => {
        const report = await own(point, context);
        if ((which === 'older') === (context.isEarlier === true)) spoil(world);
        return report;
      }),
    );
    expect(content(record)).toMatchObject({ verdict: 'breached', cause });
    expect(record.recoveryPoints?.otherRestored === undefined).toBe(which === 'newer');
    if (which === 'older') expect(content(record)?.sentence).toContain('the older one, restored after it, did not');
  });

  it('N10: blames the procedure for a second restore that fails, and leaves the times of the first as they are', async () => {
    const record = await drill(
      restoring(memoryWorld(), async (point, context, own) => {
        if (context.isEarlier === true) throw new Error('the archive is gone');
        return await own(point, context);
      }),
    );
    expect(record.failure).toBeNull();
    expect(content(record)).toMatchObject({ verdict: 'breached', cause: 'restore-failed' });
    expect(content(record)?.sentence).toContain('the stage "restore of the older point" failed: the archive is gone');
    expect(record.judgement?.findings.find(({ name }) => name === 'rto')?.verdict).toBe('met');
  });

  it('N10: proves nothing by a second restore that does not end in time, and breaks no promise', async () => {
    const record = await drill(
      restoring(memoryWorld(), async (point, context, own) => {
        if (context.isEarlier === true) await context.step.clock.pause(1_800_100, context.step.signal);
        return await own(point, context);
      }),
    );
    expect(content(record)).toMatchObject({ verdict: 'unproven' });
    expect(record.judgement?.findings.find(({ name }) => name === 'rto')?.verdict).toBe('met');
  });

  it('N10: a second restore may take almost twice the RTO', async () => {
    const record = await drill(
      restoring(memoryWorld(), async (point, context, own) => {
        if (context.isEarlier === true) await context.step.clock.pause(1_799_900, context.step.signal);
        return await own(point, context);
      }),
    );
    expect(record.judgement?.verdict).toBe('met');
  });

  it('N10: looks at what has to stay untouched after both restores', async () => {
    const world = memoryWorld();
    const contract = restoring(world, async (point, context, own) => {
      if (context.isEarlier === true) purged = true;
      return await own(point, context);
    });
    let purged = false;
    world.asset = {
      expectedProof: () => ({
        absence: ['size of the store'],
        assurances: [{ promise: 'untouched', what: 'the original' }],
      }),
      assurances: async () => [
        {
          promise: 'untouched',
          what: 'the original',
          checked: 1,
          failed: purged ? 1 : 0,
          observed: [{ what: 'content', held: !purged, observed: purged ? 'purged' : 'unchanged' }],
        },
      ],
    };
    const disasters = contract.asset.disasters.map((each) => ({ ...each, assures: ['untouched'] as const }));
    const record = await drill({ ...contract, asset: { ...contract.asset, disasters } });
    expect(record.stages.map(({ name }) => name)).toContain('assurances');
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.findings.find(({ name }) => name === 'untouched')?.verdict).toBe('breached');
  });

  it('N10: is unproven when the place cannot be cleared', async () => {
    const world = memoryWorld();
    const left = { what: 'size of the store', gone: false, observed: '20 values' };
    world.asset = { clearing: { clear: async () => undefined, proveGone: async () => [left] } };
    const record = await drill(memoryContract(world));
    expect(content(record)).toMatchObject({ verdict: 'unproven', cause: 'drill-failed' });
    expect(content(record)?.sentence).toContain('size of the store: 20 values');
  });

  it('N10: asks again until everything is gone', async () => {
    const world = memoryWorld();
    let rounds = 0;
    const clearing: OpenAsset['clearing'] = {
      clear: async () => {
        world.store.values.clear();
        world.store.markers = [];
      },
      proveGone: async () => {
        rounds += 1;
        return [{ what: 'size of the store', gone: rounds > 2, observed: 'no answer' }];
      },
    };
    world.asset = { clearing };
    const { record } = await runMemoryDrill(memoryContract(world), { tuning: { goneBudgetMs: 5_000 } });
    expect(record.judgement?.verdict).toBe('met');
    expect(record.recoveryPoints?.otherRestored?.cleared).toMatchObject([{ gone: true }]);
  });

  it('N10: says why the older one was not restored where the asset cannot be cleared', async () => {
    const contract = memoryContract(memoryWorld());
    const open: Contract['asset']['open'] = async (options) => {
      const { clearing: _, ...asset } = await contract.asset.open(options);
      return asset;
    };
    const record = await drill({ ...contract, asset: { ...contract.asset, open } });
    expect(record.recoveryPoints?.onlyOneRestored).toMatch(/cannot be emptied/);
    expect(record.judgement?.verdict).toBe('met');
    expect(content(record)?.sentence).toContain('(this asset cannot be emptied for a second restore)');
  });

  it('N04: says why the older one was not restored where the second backup replaced it', async () => {
    const contract = memoryContract(memoryWorld());
    const { backup } = contract.protectedBy;
    const replacing: Contract['protectedBy']['backup'] = async (context) => ({
      ...(await backup(context)),
      ...(context.earlier === undefined ? {} : { replacesEarlier: 'both lie in the same place' }),
    });
    const record = await drill({ ...contract, protectedBy: { ...contract.protectedBy, backup: replacing } });
    expect(record.recoveryPoints?.onlyOneRestored).toBe('both lie in the same place');
    expect(record.recoveryPoints?.otherRestored).toBeUndefined();
    expect(record.judgement?.verdict).toBe('met');
  });
});
