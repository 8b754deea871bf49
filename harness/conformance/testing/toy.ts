import { createHash } from 'node:crypto';
import { type ContentItem, compareContent, fingerprintContent } from '../../asset-kit/content.ts';
import type { AssetKind, ObservedMarker, OpenAsset, OpenOptions } from '../../model/asset.ts';
import { ExplainedError, IndeterminateWriteError } from '../../model/errors.ts';
import type { Procedure } from '../../model/procedure.ts';
import type { Sabotages } from '../options.ts';

/** A list of texts in memory. Its order counts. */
export interface ToyList {
  entries: string[];
  markers: ObservedMarker[];
  readonly incarnation: number;
}

/** System that many drills share: all lists, by the drill that made them. */
export interface ToyWorld {
  readonly lists: Map<string, ToyList>;
  readonly backups: Map<string, Pick<ToyList, 'entries' | 'markers'>>;
  incarnations: number;
}

/** Replaces members of an asset that works, to plant a fault. */
export type Change = (asset: OpenAsset, options: OpenOptions, world: ToyWorld) => Partial<OpenAsset>;

const SEEDED = ['ale', 'bread', 'cheese', 'dates', 'eggs', 'figs'];
const LIST = 'the list';

export const toyWorld = (): ToyWorld => ({ lists: new Map(), backups: new Map(), incarnations: 0 });

export function toyKind(world: ToyWorld, change: Change = () => ({})): AssetKind {
  return {
    system: 'toy',
    description: 'a list of texts in memory',
    inScope: ['every text, and their order'],
    outOfScope: [],
    needs: [],
    disasters: [{ name: 'wiped', threat: 'the list is removed', blastRadius: 'the list' }],
    protectedCount: SEEDED.length,
    open: async (options) => {
      const asset = openToy(world, options);
      return { ...asset, ...change(asset, options, world) };
    },
  };
}

export const listOf = (world: ToyWorld, drillId: string): ToyList => {
  const list = world.lists.get(drillId);
  if (list !== undefined) return list;
  throw new ExplainedError({ thing: LIST, expected: 'to be there', observed: 'it is not', nextStep: 'Restore it.' });
};

export async function* itemsOf(list: ToyList): AsyncGenerator<ContentItem, void, undefined> {
  for (const [index, text] of list.entries.entries()) {
    const digest = createHash('sha256').update(text).digest('hex');
    yield { kind: 'texts', name: String(index).padStart(6, '0'), sizeBytes: text.length, fields: { digest } };
  }
}

/** Yields the items of a list; nothing if there is no list. */
const contentOf = async function* (world: ToyWorld, drillId: string): AsyncGenerator<ContentItem, void, undefined> {
  const list = world.lists.get(drillId);
  if (list !== undefined) yield* itemsOf(list);
};

function make(world: ToyWorld, drillId: string, content: Pick<ToyList, 'entries' | 'markers'>): void {
  world.incarnations += 1;
  world.lists.set(drillId, { ...structuredClone(content), incarnation: world.incarnations });
}

function openToy(world: ToyWorld, { drillId }: OpenOptions): OpenAsset {
  const list = () => listOf(world, drillId);
  const lookGone = async () => [
    { what: LIST, gone: !world.lists.has(drillId), observed: world.lists.has(drillId) ? 'it is there' : 'it is gone' },
  ];
  return {
    lanes: [
      {
        name: 'markers of the list',
        write: async (sequence, body, signal) => {
          signal.throwIfAborted();
          list().markers.push({ sequence, body });
          await Promise.resolve();
          if (signal.aborted) throw new IndeterminateWriteError('the answer was not waited for');
        },
        async *read() {
          yield* list().markers;
        },
      },
    ],
    probe: {
      read: async () => {
        if (!list().entries.includes('cheese')) throw new Error('there is no cheese');
      },
      write: async () => void list(),
    },
    environment: () => ({ TOY_LIST: drillId }),
    settings: async () => ({}),
    seed: async () => {
      make(world, drillId, { entries: SEEDED, markers: [] });
      return { items: SEEDED.length, bytes: 30, parts: [`${SEEDED.length} texts`] };
    },
    expectedProof: () => ({ absence: [LIST] }),
    fingerprint: (step) => fingerprintContent(contentOf(world, drillId), step),
    alter: async () => {
      list().entries.push('grapes');
      return ['grapes added'];
    },
    identify: async () => [{ what: 'incarnation', value: String(list().incarnation) }],
    destroy: async () => {
      world.lists.delete(drillId);
      return { exercised: 'the list was removed from memory' };
    },
    proveGone: lookGone,
    provision: async () => undefined,
    clearing: {
      clear: async () => void world.lists.delete(drillId),
      proveGone: lookGone,
    },
    compare: (expected) => compareContent(expected, contentOf(world, drillId)),
    [Symbol.asyncDispose]: async () => void world.lists.delete(drillId),
  };
}

/** Returns a procedure that copies the list within memory. Its schedule says every hour. */
export function toyProcedure(world: ToyWorld, changes: Partial<Procedure> = {}): Procedure {
  return {
    description: 'a copy in memory',
    needs: [],
    schedule: { cron: '0 * * * *', timeZone: 'UTC' },
    backup: async ({ environment, step: { clock } }) => {
      const captureBegan = clock.now();
      const { entries, markers } = listOf(world, environment['TOY_LIST'] ?? '');
      const id = `backup-${world.backups.size + 1}`;
      world.backups.set(id, structuredClone({ entries, markers }));
      return {
        id,
        location: `memory/${id}`,
        captureBegan,
        durable: clock.now(),
        objects: 1,
        sizeBytes: 30,
        digest: 'none: it lies in memory',
        encryption: 'none',
        immutability: 'none',
        claimed: 'done',
      };
    },
    restore: async ({ id }, { environment }) => {
      const copy = world.backups.get(id);
      if (copy === undefined) throw new Error(`there is no ${id}`);
      make(world, environment['TOY_LIST'] ?? '', copy);
      return { claimed: 'done', warnings: [], commands: [`copy ${id} back`] };
    },
    ...changes,
  };
}

/** @param world the world that holds the list that `asset.environment()` names. */
export function toySabotage(world: ToyWorld): Sabotages {
  const entriesOf = (asset: OpenAsset) => listOf(world, asset.environment()['TOY_LIST'] ?? '').entries;
  return {
    drop: async (asset) => void entriesOf(asset).pop(),
    alter: async (asset) => void entriesOf(asset).splice(1, 1, 'BREAD'),
    add: async (asset) => void entriesOf(asset).push('ham'),
    reorder: async (asset) => {
      const entries = entriesOf(asset);
      entries.unshift(...entries.splice(1, 1));
    },
  };
}
