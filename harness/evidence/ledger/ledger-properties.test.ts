import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { entryName, sequenceIn } from './entry-file.ts';
import { Ledger } from './ledger.ts';
import { readLedger } from './ledger-store.ts';
import {
  entriesOfRun,
  MemoryStore,
  madeUpLedger,
  never,
  TestClock,
  type TestKey,
  testKey,
} from './testing/made-up-ledger.ts';
import { verifyLedger } from './verify-ledger.ts';

let key: TestKey;
let honest: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  key = await testKey();
  honest = (await madeUpLedger(4, key.signer)).store.files;
});

const verdictOf = async (store: MemoryStore) => {
  const options = { keys: [key.public], anchors: [], nowUtc: '2026-02-01T00:00:00.000Z' };
  return await verifyLedger(store, options, never);
};
const storeOf = (files: Iterable<readonly [string, Buffer]>) => {
  const store = new MemoryStore();
  for (const [name, bytes] of files) store.files.set(name, Buffer.from(bytes));
  return store;
};

it('whatever byte of whatever entry is changed, the ledger is not valid', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (sequence, at, by) => {
        const store = storeOf(honest);
        const bytes = store.files.get(entryName(sequence)) ?? Buffer.alloc(0);
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ by;
        expect((await verdictOf(store)).verdict).not.toBe('valid');
      },
    ),
    { numRuns: 200 },
  );
});

it('whatever entries are taken away, except for the last ones, the ledger is not valid and each is named', async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], { minLength: 1 }), async (removed) => {
      const store = storeOf([...honest].filter(([name]) => !removed.includes(sequenceIn(name) ?? 0)));
      const { verdict, faults } = await verdictOf(store);
      expect(verdict).toBe('invalid');
      const named = faults
        .filter(({ name }) => name === 'deleted')
        .flatMap(({ sentence }) => {
          const [from = 0, to = from] = [...sentence.matchAll(/\d+/g)].map(Number);
          return Array.from({ length: to - from + 1 }, (_, index) => from + index);
        });
      expect(named.toSorted((a, b) => a - b)).toEqual(removed);
    }),
    { numRuns: 100 },
  );
});

it('in whatever other order the entries are put, the ledger is not valid', async () => {
  const names = [...honest.keys()];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(names, { minLength: 12 }), async (order) => {
      fc.pre(order.some((name, index) => name !== names[index]));
      const store = storeOf(
        order.map((name, index) => [names[index] ?? '', honest.get(name) ?? Buffer.alloc(0)] as const),
      );
      expect((await verdictOf(store)).faultCounts).toHaveProperty('reordered');
    }),
    { numRuns: 100 },
  );
});

it('however many writers append at once, in whatever order they are served, the chain is unbroken and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.scheduler(), async (writers, scheduler) => {
      const store = new MemoryStore();
      const create = scheduler.scheduleFunction(store.create.bind(store));
      const slow = Object.assign(Object.create(store), { create }) as MemoryStore;
      const runs = Array.from({ length: writers }, async (_, writer) => {
        const ledger = new Ledger(slow, key.signer, new TestClock());
        for (const entry of entriesOfRun({ runId: `w${writer}` })) await ledger.append(entry, {}, never);
      });
      await scheduler.waitFor(Promise.all(runs));
      expect(await verdictOf(store)).toMatchObject({ verdict: 'valid', entries: writers * 3, runs: writers });
    }),
    { numRuns: 30 },
  );
});

it('an honest ledger of 1,000 runs is valid', { timeout: 120_000 }, async () => {
  const { store, clock } = await madeUpLedger(1_000, key.signer);
  const options = { keys: [key.public], anchors: [], nowUtc: clock.now().utc };
  expect(await verifyLedger(store, options, never)).toMatchObject({
    verdict: 'valid',
    entries: 3_000,
    runs: 1_000,
    faults: [],
    notes: [],
  });
  let read = 0;
  for await (const { sequence } of readLedger(store, never, 'newest first')) expect(sequence).toBe(3_000 - read++);
});
