import { systemClock } from '../../clock/clock.ts';
import type { AbsenceCheck, AssetKind, Fingerprint, ObservedMarker, OpenAsset } from '../../model/asset.ts';
import type { Contract } from '../../model/contract.ts';
import type { Procedure, RecoveryPoint } from '../../model/procedure.ts';
import type { Comparison } from '../../model/record.ts';

/** One store of named values and one list of markers, all in memory: what the drill engine is tested with. */
export interface MemoryStore {
  values: Map<string, string>;
  markers: ObservedMarker[];
  alive: boolean;
  incarnation: number;
}

/** Every step that a test can bend. */
export interface MemoryWorld {
  readonly store: MemoryStore;
  readonly disposed: { count: number };
  asset: Partial<OpenAsset>;
  procedure: Partial<Procedure>;
}

export function memoryWorld(): MemoryWorld {
  return {
    store: { values: new Map(), markers: [], alive: true, incarnation: 1 },
    disposed: { count: 0 },
    asset: {},
    procedure: {},
  };
}

const disaster = { name: 'wiped', threat: 'the store is emptied', blastRadius: 'the store' };

function refuseWhenDead(store: MemoryStore): void {
  if (!store.alive) throw new Error('the store is down');
}

function openAsset(world: MemoryWorld): OpenAsset {
  const { store } = world;
  return {
    lanes: [
      {
        name: 'lane',
        write: async (sequence, body) => {
          refuseWhenDead(store);
          store.markers.push({ sequence, body });
        },
        async *read() {
          yield* store.markers;
        },
      },
    ],
    probe: {
      read: async () => {
        refuseWhenDead(store);
        if (store.values.get('key-1') !== 'value-1') throw new Error('key-1 is not value-1');
      },
      write: async () => refuseWhenDead(store),
    },
    environment: () => ({}),
    settings: async () => ({ durability: 'none' }),
    seed: async () => {
      for (let index = 0; index < 20; index += 1) store.values.set(`key-${index}`, `value-${index}`);
      return { items: 20, bytes: 140, parts: ['20 values'] };
    },
    expectedProof: () => ({ absence: ['size of the store'] }),
    fingerprint: async (): Promise<Fingerprint> => ({
      path: '',
      items: store.values.size,
      bytes: 140,
      digest: 'sha256:memory',
      kinds: [{ kind: 'values', items: store.values.size }],
    }),
    identify: async () => [{ what: 'incarnation', value: String(store.incarnation) }],
    destroy: async () => {
      store.alive = false;
      store.values = new Map();
      store.markers = [];
      return { exercised: 'everything removed from memory' };
    },
    proveGone: async (): Promise<AbsenceCheck[]> => [
      { what: 'size of the store', gone: !store.alive, observed: `${store.values.size} values` },
    ],
    provision: async () => {
      store.incarnation += 1;
    },
    compare: async (): Promise<Comparison> => {
      const expected = 20;
      const keys = Array.from({ length: expected }, (_, index) => index);
      const missing = keys.filter((index) => !store.values.has(`key-${index}`));
      const differing = keys.filter(
        (index) => store.values.has(`key-${index}`) && store.values.get(`key-${index}`) !== `value-${index}`,
      );
      const bad = missing.length + differing.length;
      return {
        items: [
          {
            kind: 'values',
            expected,
            restored: store.values.size,
            matched: expected - bad,
            missing: missing.length,
            extra: 0,
            differing: differing.length,
          },
        ],
        firstDifferences: [...missing, ...differing].slice(0, 3).map((index) => ({
          item: `key-${index}`,
          field: 'value',
          expected: `value-${index}`,
          observed: store.values.get(`key-${index}`) ?? 'absent',
        })),
        notVerified: [],
      };
    },
    [Symbol.asyncDispose]: async () => {
      world.disposed.count += 1;
    },
    ...world.asset,
  };
}

/** A contract over the world's store: backed up by copying it, every hour by its word. */
export function memoryContract(world: MemoryWorld, overrides: Partial<Contract> = {}): Contract {
  const { store } = world;
  let copy: Pick<MemoryStore, 'values' | 'markers'> | undefined;
  const asset: AssetKind = {
    system: 'memory',
    description: 'a store in memory',
    inScope: ['values'],
    outOfScope: [],
    needs: [],
    disasters: [disaster],
    protectedCount: 20,
    open: async () => openAsset(world),
  };
  const protectedBy: Procedure = {
    description: 'a copy in memory',
    needs: [],
    schedule: { cron: '0 * * * *', timeZone: 'UTC' },
    backup: async (): Promise<RecoveryPoint> => {
      const captureBegan = systemClock.now();
      copy = { values: new Map(store.values), markers: [...store.markers] };
      return {
        id: 'copy',
        location: 'memory',
        captureBegan,
        durable: systemClock.now(),
        objects: 1,
        sizeBytes: 140,
        digest: 'sha256:memory',
        encryption: 'none',
        immutability: 'none',
        claimed: 'done',
      };
    },
    restore: async () => {
      if (copy === undefined) throw new Error('there is no copy');
      Object.assign(store, { values: new Map(copy.values), markers: [...copy.markers], alive: true });
      return { claimed: 'Completed', warnings: [], commands: ['copy back'] };
    },
    ...world.procedure,
  };
  return {
    name: 'memory',
    asset,
    rtoMs: 900_000,
    rpoMs: 7_200_000,
    priority: 'P1',
    owner: 'tests',
    controls: [],
    protectedBy,
    survives: ['wiped'],
    productionSizeBytes: undefined,
    detection: { failures: 3, everyMs: 30_000 },
    decisionMs: 60_000,
    sourceFile: undefined,
    ...overrides,
  };
}
