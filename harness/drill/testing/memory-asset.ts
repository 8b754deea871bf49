import { createHash } from 'node:crypto';
import type { Clock } from '../../clock/clock.ts';
import type { AbsenceCheck, AssetKind, Fingerprint, ObservedMarker, OpenAsset } from '../../model/asset.ts';
import type { Contract } from '../../model/contract.ts';
import type { Procedure, ProcedureContext, RecoveryPoint } from '../../model/procedure.ts';
import type { Comparison } from '../../model/record.ts';

/** Store of named values and a list of markers, all in memory. Tests of the drill engine use it. */
interface MemoryStore {
  values: Map<string, string>;
  markers: ObservedMarker[];
  alive: boolean;
  incarnation: number;
}

/** Steps that a test can change. */
export interface MemoryWorld {
  readonly store: MemoryStore;
  readonly opened: { count: number };
  readonly disposed: { count: number };
  /** Awaited before every call of the asset and the procedure. Takes a millisecond by default. */
  before: (what: string, clock: Clock, signal: AbortSignal | undefined) => Promise<void>;
  asset: Partial<OpenAsset>;
  procedure: Partial<Procedure>;
}

/** Contents of each store, by the digest of their fingerprint. */
const captured = new WeakMap<MemoryStore, Map<string, ReadonlyMap<string, string>>>();

const contentAt = (store: MemoryStore, digest: string): ReadonlyMap<string, string> =>
  captured.get(store)?.get(digest) ?? new Map();

function fingerprintOf(store: MemoryStore): Fingerprint {
  const text = JSON.stringify([...store.values].sort());
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const known = captured.get(store) ?? new Map<string, ReadonlyMap<string, string>>();
  captured.set(store, known.set(digest, new Map(store.values)));
  const kinds = [{ kind: 'values', items: store.values.size }];
  return { path: '', items: store.values.size, bytes: 140, digest, kinds };
}

function comparisonOf(store: MemoryStore, digest: string): Comparison {
  const expected = contentAt(store, digest);
  const keys = [...expected.keys()];
  const missing = keys.filter((key) => !store.values.has(key));
  const differing = keys.filter((key) => store.values.has(key) && store.values.get(key) !== expected.get(key));
  const extra = [...store.values.keys()].filter((key) => !expected.has(key));
  const counts = {
    kind: 'values',
    expected: keys.length,
    restored: store.values.size,
    matched: keys.length - missing.length - differing.length,
    missing: missing.length,
    extra: extra.length,
    differing: differing.length,
  };
  const firstDifferences = [...missing, ...differing, ...extra].slice(0, 3).map((key) => ({
    item: key,
    field: 'value',
    expected: expected.get(key) ?? 'absent',
    observed: store.values.get(key) ?? 'absent',
  }));
  return { items: [counts], firstDifferences, notVerified: [] };
}

export function memoryWorld(): MemoryWorld {
  return {
    store: { values: new Map(), markers: [], alive: true, incarnation: 1 },
    opened: { count: 0 },
    disposed: { count: 0 },
    before: takesAMillisecond,
    asset: {},
    procedure: {},
  };
}

const takesAMillisecond: MemoryWorld['before'] = async (_what, clock, signal) => {
  await clock.pause(1, signal ?? new AbortController().signal);
};

const disaster = { name: 'wiped', threat: 'the store is emptied', blastRadius: 'the store' };

function refuseWhenDead(store: MemoryStore): void {
  if (!store.alive) throw new Error('the store is down');
}

function openAsset(world: MemoryWorld, clock: Clock): OpenAsset {
  const { store } = world;
  const asset: OpenAsset = {
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
    fingerprint: async () => fingerprintOf(store),
    alter: async () => {
      store.values.set('key-20', 'value-20');
      store.values.set('key-2', 'VALUE-2');
      store.values.delete('key-3');
      return ['key-20 added', 'key-2 overwritten at the same size', 'key-3 deleted'];
    },
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
    clearing: {
      clear: async () => {
        store.values = new Map();
        store.markers = [];
      },
      proveGone: async () => [
        { what: 'size of the store', gone: store.values.size === 0, observed: `${store.values.size} values` },
      ],
    },
    compare: async ({ digest }) => comparisonOf(store, digest),
    [Symbol.asyncDispose]: async () => {
      world.disposed.count += 1;
    },
    ...world.asset,
  };
  return announced(asset, world, clock);
}

const signalIn = (given: unknown): AbortSignal | undefined => {
  if (given instanceof AbortSignal) return given;
  if (typeof given !== 'object' || given === null) return undefined;
  if ('signal' in given) return signalIn(given.signal);
  return 'step' in given ? signalIn(given.step) : undefined;
};

/** Wraps the thing: each of these methods first awaits {@link MemoryWorld.before}. */
function announcing<Thing extends object>(
  thing: Thing,
  prefix: string,
  names: readonly (keyof Thing)[],
  world: MemoryWorld,
  clockOf: (given: readonly unknown[]) => Clock,
): Thing {
  const wrapped = names.flatMap((name) => {
    const method: unknown = thing[name];
    if (typeof method !== 'function') return [];
    const announcedMethod = async (...given: unknown[]): Promise<unknown> => {
      const signal = given.map(signalIn).find((each) => each !== undefined);
      await world.before(`${prefix}${String(name)}`, clockOf(given), signal);
      return method.apply(thing, given);
    };
    return [[name, announcedMethod]];
  });
  return { ...thing, ...Object.fromEntries(wrapped) };
}

const ASSET_METHODS = [
  'settings',
  'seed',
  'fingerprint',
  'alter',
  'identify',
  'destroy',
  'proveGone',
  'provision',
  'compare',
] as const;

function announced(asset: OpenAsset, world: MemoryWorld, clock: Clock): OpenAsset {
  const always = () => clock;
  const { clearing, replica, lostPlace } = asset;
  const lost = ['groundComesBack', 'comeBack', 'tryWrites', 'proveInCharge'] as const;
  return {
    ...announcing(asset, '', [...ASSET_METHODS, Symbol.asyncDispose], world, always),
    lanes: asset.lanes.map((lane) => ({
      ...announcing(lane, 'lane.', ['write'], world, always),
      read: async function* (signal) {
        await world.before('lane.read', clock, signal);
        yield* lane.read(signal);
      },
    })),
    probe: announcing(asset.probe, 'probe.', ['read', 'write'], world, always),
    ...(clearing === undefined
      ? {}
      : { clearing: announcing(clearing, 'clearing.', ['clear', 'proveGone'], world, always) }),
    ...(replica === undefined ? {} : { replica: announcing(replica, 'replica.', ['look'], world, always) }),
    ...(lostPlace === undefined ? {} : { lostPlace: announcing(lostPlace, '', lost, world, always) }),
  };
}

/** Returns a contract over the world's store. Its backup copies the store; its schedule says every hour. */
export function memoryContract(world: MemoryWorld, overrides: Partial<Contract> = {}): Contract {
  const { store } = world;
  const copies: Pick<MemoryStore, 'values' | 'markers'>[] = [];
  const asset: AssetKind = {
    system: 'memory',
    description: 'a store in memory',
    inScope: ['values'],
    outOfScope: [],
    needs: [],
    disasters: [disaster],
    protectedCount: 20,
    open: async ({ step }) => {
      await world.before('open', step.clock, step.signal);
      world.opened.count += 1;
      return openAsset(world, step.clock);
    },
  };
  const procedure: Procedure = {
    description: 'a copy in memory',
    needs: [],
    schedule: { cron: '0 * * * *', timeZone: 'UTC' },
    backup: async ({ step: { clock, signal } }): Promise<RecoveryPoint> => {
      const captureBegan = clock.now();
      copies.push({ values: new Map(store.values), markers: [...store.markers] });
      const id = `copy-${copies.length}`;
      await clock.pause(1, signal);
      return {
        id,
        location: `memory/${id}`,
        captureBegan,
        durable: clock.now(),
        objects: 1,
        sizeBytes: 140,
        digest: 'sha256:memory',
        encryption: 'none',
        immutability: 'none',
        claimed: 'done',
      };
    },
    restore: async ({ id }) => {
      const copy = copies[Number(id.slice('copy-'.length)) - 1];
      if (copy === undefined) throw new Error('there is no copy');
      Object.assign(store, { values: new Map(copy.values), markers: [...copy.markers], alive: true });
      return { claimed: 'Completed', warnings: [], commands: ['copy back'] };
    },
    ...world.procedure,
  };
  const { failBack } = procedure;
  const clockIn = (given: readonly unknown[]) => given.map(stepClock).find((clock) => clock !== undefined) ?? noClock();
  const protectedBy = {
    ...announcing(procedure, '', ['backup', 'restore'], world, clockIn),
    ...(failBack === undefined
      ? {}
      : { failBack: announcing(failBack, '', ['beforeReturn', 'rejoin', 'failBack'], world, clockIn) }),
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

const stepClock = (given: unknown): Clock | undefined =>
  typeof given === 'object' && given !== null && 'step' in given ? (given as ProcedureContext).step.clock : undefined;

function noClock(): never {
  throw new Error('the procedure was given no step');
}
