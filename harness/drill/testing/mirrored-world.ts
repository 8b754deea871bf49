import type { LostPlace, ObservedMarker, OpenAsset, ProofRead, WriteAttempt } from '../../model/asset.ts';
import type { FailBack, Procedure, RestoreReport } from '../../model/procedure.ts';
import { type MemoryWorld, memoryWorld } from './memory-asset.ts';

const BEHIND = 3;

const report: RestoreReport = { claimed: 'done', warnings: [], commands: ['a script'] };

/** Steps of the fail-back that a test can change. */
export interface MirroredWorld extends MemoryWorld {
  asset: Partial<OpenAsset>;
  procedure: Partial<Procedure>;
  failBack: Partial<FailBack>;
  lostPlace: Partial<LostPlace>;
  /** Returns the markers that the mirror held at the disaster. A test can make the promotion bring back others. */
  promoted(held: readonly ObservedMarker[]): ObservedMarker[];
}

/** Returns a store in memory with a mirror that is always a few markers behind, and a failover to it. */
export function mirroredWorld(): MirroredWorld {
  const base = memoryWorld();
  const { store } = base;
  let held: ObservedMarker[] = [];
  let values = new Map<string, string>();
  const world: MirroredWorld = {
    ...base,
    failBack: {},
    lostPlace: {},
    promoted: (markers) => [...markers],
  };
  const refused: WriteAttempt = { what: 'a write to the old place', accepted: false, observed: 'no permission' };
  const proof: ProofRead = { what: 'the old place', holds: true, observed: 'in charge' };
  world.asset = {
    replica: {
      description: 'the other place',
      look: async () => {
        if (store.alive) held = store.markers.slice(0, -BEHIND);
        const { length } = held;
        const position = { asset: store.alive ? store.markers.length : length + BEHIND, replica: length };
        return [{ lane: 'lane', place: 'the mirror', position, heldThrough: length, items: length, sizeBytes: length }];
      },
    },
    destroy: async () => {
      held = store.markers.slice(0, -BEHIND);
      values = store.values;
      Object.assign(store, { alive: false, values: new Map(), markers: [] });
      return { exercised: 'the place is gone' };
    },
    get lostPlace(): LostPlace {
      return {
        description: 'the old place',
        expectedProof: () => ({ writes: ['a write to the old place'], proofs: ['the old place'] }),
        comeBack: async () => 'it started again',
        tryWrites: async () => [refused],
        proveInCharge: async () => [proof],
        ...world.lostPlace,
      };
    },
  };
  world.procedure = {
    schedule: 'mirror',
    phases: ['promotion', 'redirect'],
    restore: async (_point, { phase = (_name, work) => work() }) => {
      await phase('promotion', async () => {
        Object.assign(store, { values, markers: world.promoted(held), alive: true });
      });
      await phase('redirect', async () => undefined);
      return report;
    },
    get failBack(): FailBack {
      return {
        beforeReturn: async () => report,
        rejoin: async () => report,
        failBack: async () => report,
        ...world.failBack,
      };
    },
  };
  return world;
}
