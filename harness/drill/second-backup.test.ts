import { describe, expect, it } from 'vitest';
import type { Contract } from '../model/contract.ts';
import type { RecoveryPoint } from '../model/procedure.ts';
import type { DrillRecord } from '../model/record.ts';
import { type MemoryWorld, memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const WIPED = { name: 'wiped', threat: 'the store is emptied', blastRadius: 'the store' };

/** Returns a contract that survives two disasters. The first one restores the older recovery point. */
function withTwoDisasters(world: MemoryWorld, leavesContent = false): Contract {
  const contract = memoryContract(world);
  const disasters = [
    { ...WIPED, leavesContent },
    { ...WIPED, name: 'wiped again' },
  ];
  return { ...contract, asset: { ...contract.asset, disasters }, survives: ['wiped', 'wiped again'] };
}

const drill = async (contract: Contract, disaster: string): Promise<DrillRecord> =>
  (await runMemoryDrill(contract, { disaster })).record;

const content = (record: DrillRecord) => record.judgement?.findings.find(({ name }) => name === 'content');

/** Returns the contract with a faulty procedure. */
function bent(
  contract: Contract,
  change: (own: Contract['protectedBy']) => Partial<Contract['protectedBy']>,
): Contract {
  return { ...contract, protectedBy: { ...contract.protectedBy, ...change(contract.protectedBy) } };
}

describe('two backups in one drill', () => {
  it('N04: are taken with changes in between, and the newer one is restored in every disaster but one', async () => {
    const record = await drill(withTwoDisasters(memoryWorld()), 'wiped again');
    expect(record.recoveryPoints).toMatchObject({
      restored: 'newer',
      changes: expect.arrayContaining(['key-3 deleted']),
    });
    expect(record.recoveryPoints?.taken.map(({ name, id }) => [name, id])).toEqual([
      ['older', 'copy-1'],
      ['newer', 'copy-2'],
    ]);
    expect(record.recoveryPoint?.id).toBe('copy-2');
    expect(record.judgement?.verdict).toBe('met');
    expect(content(record)?.sentence).toContain('from the newer of two recovery points');
  });

  it('N10: the first disaster that takes everything restores the older one, and its capture is what is judged', async () => {
    const record = await drill(withTwoDisasters(memoryWorld()), 'wiped');
    expect(record.recoveryPoint?.id).toBe('copy-1');
    expect(record.moments.captureBegan).toEqual(record.recoveryPoints?.taken[0]?.captureBegan);
    expect(record.fingerprint?.digest).toBe(record.recoveryPoints?.taken[0]?.content.digest);
    expect(record.judgement?.verdict).toBe('met');
    expect(content(record)?.sentence).toContain('from the older of two recovery points');
  });

  it('N10: a disaster that leaves newer content behind never restores the older one; the next one does', async () => {
    const contract = withTwoDisasters(memoryWorld(), true);
    expect((await drill(contract, 'wiped')).recoveryPoints?.restored).toBe('newer');
    expect((await drill(contract, 'wiped')).recoveryPoints?.otherRestored).toBeUndefined();
    const next = await drill(withTwoDisasters(memoryWorld(), true), 'wiped again');
    expect(next.recoveryPoints).toMatchObject({ restored: 'newer', otherRestored: { failure: null } });
  });

  it('N10: what is lost after the next capture is no loss of the older point', async () => {
    const record = await drill(withTwoDisasters(memoryWorld()), 'wiped');
    const [lane] = record.markers;
    const next = record.recoveryPoints?.taken[1]?.captureBegan.monotonicMs ?? 0;
    expect(record.judgement?.rpa).toEqual({ valueMs: next - (lane?.lastBeforeLossMs ?? 0), atLeast: false });
  });

  it.each([
    ['wiped', 'copy-2', 'older', 'newer'],
    ['wiped again', 'copy-1', 'newer', 'older'],
  ])('N10: in the disaster "%s", a restore that takes %s by itself brought back another point', async (...course) => {
    const [disaster, taken, given, brought] = course;
    const contract = bent(withTwoDisasters(memoryWorld()), ({ restore }) => ({
      restore: async (point, context) => await restore({ ...point, id: taken }, context),
    }));
    const record = await drill(contract, disaster);
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'other-recovery-point' });
    expect(record.judgement?.sentence).toMatch(
      new RegExp(`given the ${given} recovery point.*brought back the content of the ${brought}`),
    );
  });

  it.each<[string, (world: MemoryWorld) => void, string]>([
    [
      'takes what was changed at the same size as unchanged',
      (world) => world.store.values.set('key-2', 'value-2'),
      'content-altered',
    ],
    ['leaves out what was added', (world) => world.store.values.delete('key-20'), 'content-missing'],
    ['keeps what was deleted', (world) => world.store.values.set('key-3', 'value-3'), 'content-extra'],
  ])('N04: a second backup that %s is breached', async (_, mistaken, cause) => {
    const world = memoryWorld();
    const contract = bent(withTwoDisasters(world), ({ restore }) => ({
      restore: async (point, context) => {
        const report = await restore(point, context);
        mistaken(world);
        return report;
      },
    }));
    const record = await drill(contract, 'wiped again');
    expect(content(record)).toMatchObject({ verdict: 'breached', cause });
    expect(record.recoveryPoints?.comparedWithOther).toBeDefined();
  });

  it('N04: the second backup is told of the first, and the first of none', async () => {
    const told: (RecoveryPoint | undefined)[] = [];
    const contract = bent(memoryContract(memoryWorld()), ({ backup }) => ({
      backup: async (context) => {
        told.push(context.earlier);
        return await backup(context);
      },
    }));
    await drill(contract, 'wiped');
    expect(told.map((point) => point?.id)).toEqual([undefined, 'copy-1']);
  });

  it('N04: where the second backup replaces the first, the newer one is restored, and the record says why', async () => {
    const contract = bent(withTwoDisasters(memoryWorld()), ({ backup }) => ({
      backup: async (context) => ({
        ...(await backup(context)),
        ...(context.earlier === undefined ? {} : { replacesEarlier: 'both lie in the same place' }),
      }),
    }));
    const record = await drill(contract, 'wiped');
    expect(record.recoveryPoints).toMatchObject({ restored: 'newer', instead: 'both lie in the same place' });
    expect(record.judgement?.verdict).toBe('met');
  });

  it('a failing second backup is the procedure’s, and says which backup it was', async () => {
    const contract = bent(memoryContract(memoryWorld()), ({ backup }) => ({
      backup: async (context) => {
        if (context.earlier !== undefined) throw new Error('the index is locked');
        return await backup(context);
      },
    }));
    const record = await drill(contract, 'wiped');
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'backup-failed' });
    expect(record.judgement?.sentence).toContain('The stage "second backup" failed: the index is locked');
  });
});

describe('one backup in a drill', () => {
  it.each<[string, (contract: Contract) => Contract, object, RegExp]>([
    [
      'of a continuous procedure',
      (contract) => bent(contract, () => ({ schedule: 'continuous' })),
      {},
      /its own recovery point/,
    ],
    ['at the larger sizes of a series', (contract) => contract, { scale: 2 }, /smallest size/],
  ])('is exempt from a second one %s', async (_, change, options, why) => {
    const { record } = await runMemoryDrill(change(memoryContract(memoryWorld())), options);
    expect(record.recoveryPoints?.taken.map(({ name }) => name)).toEqual(['newer']);
    expect(record.recoveryPoints?.onlyOne).toMatch(why);
    expect(record.judgement?.verdict).toBe('met');
  });

  it.each<[string, NonNullable<MemoryWorld['asset']['alter']>]>([
    ['is refused', async () => []],
    ['has no effect', async () => ['a message published, which nobody keeps']],
  ])('is exempt from a second one where every change %s', async (_, alter) => {
    const world = memoryWorld();
    world.asset.alter = alter;
    const record = await drill(memoryContract(world), 'wiped');
    expect(record.recoveryPoints?.onlyOne).toMatch(/nothing of this asset can be changed/);
    expect(record.judgement?.verdict).toBe('met');
  });

  it('is exempt from a second one where nothing of the asset can be changed', async () => {
    const contract = memoryContract(memoryWorld());
    const open: Contract['asset']['open'] = async (options) => {
      const { alter: _, ...asset } = await contract.asset.open(options);
      return asset;
    };
    const { record } = await runMemoryDrill({ ...contract, asset: { ...contract.asset, open } });
    expect(record.recoveryPoints?.onlyOne).toMatch(/nothing of this asset can be changed/);
  });
});

describe('the living asset after the backup', () => {
  it.each([
    ['first', 'asset after the backup'],
    ['second', 'asset after the second backup'],
  ])('N21: is breached when the %s backup changes it', async (which, stage) => {
    const world = memoryWorld();
    const contract = bent(memoryContract(world), ({ backup }) => ({
      backup: async (context) => {
        const point = await backup(context);
        if ((context.earlier === undefined) === (which === 'first')) world.store.values.delete('key-7');
        return point;
      },
    }));
    const record = await drill(contract, 'wiped');
    expect(record.judgement).toMatchObject({ verdict: 'breached', cause: 'backup-changed-asset' });
    expect(record.failure).toMatchObject({ stage, blame: 'procedure' });
    expect(record.judgement?.sentence).toMatch(
      /the backup left it with 1 value gone: key-7, value, was value-7 and is absent/,
    );
  });

  it('N21: a comparison that cannot be made is no fault of the backup', async () => {
    const world = memoryWorld();
    world.asset.compare = async () => {
      throw new Error('no answer');
    };
    const record = await drill(memoryContract(world), 'wiped');
    expect(record.judgement).toMatchObject({ verdict: 'unproven', cause: 'drill-failed' });
  });
});
