import { beforeAll, describe, expect, it } from 'vitest';
import { entryName } from './entry-file.ts';
import { removeOldEntries } from './ledger.ts';
import {
  DAY_MS,
  entriesOfRun,
  type MadeUpLedger,
  madeUpLedger,
  never,
  type TestKey,
  testKey,
} from './testing/made-up-ledger.ts';
import { verifyLedger } from './verify-ledger.ts';

let key: TestKey;
beforeAll(async () => {
  key = await testKey();
});

const remove = ({ ledger, clock }: MadeUpLedger, keepDays: number) =>
  removeOldEntries(ledger, { keepDays, nowUtc: clock.now().utc }, never);
const verified = ({ store, clock }: MadeUpLedger) =>
  verifyLedger(store, { keys: [key.public], anchors: [], nowUtc: clock.now().utc }, never);

describe('old entries', () => {
  it('are removed when they are older than asked for, and the chain that is left is valid', async () => {
    const made = await madeUpLedger(50, key.signer);
    expect(await remove(made, 10)).toEqual({ removedThrough: 120, count: 120 });
    expect([...made.store.files.keys()].toSorted()[0]).toBe(entryName(121));
    expect(await verified(made)).toMatchObject({ verdict: 'valid', entries: 31, faults: [] });
  });

  it('are removed again and again, and new ones are appended in between', async () => {
    const made = await madeUpLedger(50, key.signer);
    for (let round = 0; round < 3; round += 1) {
      await remove(made, 10);
      for (const entry of entriesOfRun({ runId: `later${round}` })) await made.ledger.append(entry, {}, never);
      made.clock.advance(40 * DAY_MS);
    }
    expect(await verified(made)).toMatchObject({ verdict: 'valid', faults: [] });
    expect(made.store.files.size).toBeLessThan(40);
  });

  it('are left until a batch of them is old enough, so that not every run writes a checkpoint', async () => {
    const made = await madeUpLedger(39, key.signer);
    expect(await remove(made, 10)).toBeUndefined();
    expect(made.store.files.size).toBe(117);
  });

  it('after a removal that was interrupted, are removed with the next one', async () => {
    const made = await madeUpLedger(50, key.signer);
    const { store } = made;
    const removeAll = store.remove.bind(store);
    store.remove = async (names) => {
      // Removes entries out of order, as a bucket may do.
      await removeAll(names.filter((_, index) => index % 2 === 1).slice(0, 20));
      throw new Error('killed');
    };
    await expect(remove(made, 10)).rejects.toThrow('killed');
    expect(await verified(made)).toMatchObject({ verdict: 'valid', faults: [] });
    store.remove = removeAll;
    await remove(made, 10);
    expect(await verified(made)).toMatchObject({ verdict: 'valid', faults: [] });
  });

  it('are not removed behind one that cannot be read, or that a clock dated later', async () => {
    const made = await madeUpLedger(50, key.signer);
    made.store.files.set(entryName(4), Buffer.from('broken'));
    expect(await remove(made, 10)).toEqual({ removedThrough: 3, count: 3 });
    expect((await verified(made)).faults).toMatchObject([{ name: 'edited', sequence: 4 }]);
  });
});
