import type { KubernetesApi } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import type { AbsenceCheck } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { compareText } from '../../model/text.ts';
import { DRILL_LABEL, SESSION_LABEL } from './access.ts';
import { untilAccepted } from './apply-object.ts';
import { collectionPath, typeKey } from './discovery.ts';
import { heldObject, release, tellHeld } from './finalizers.ts';
import { fillPlaceholders } from './generate.ts';
import { type ClusterType, clusterTypeOf, type Manifests } from './manifests.ts';
import type { Names } from './names.ts';
import type { ManifestObject } from './objects.ts';

/** The objects of one kind. */
export interface Source {
  readonly kind: string;
  readonly statusIsApart: boolean;
  readonly objects: () => AsyncIterable<KubernetesObject>;
}

interface Planned {
  readonly type: ClusterType;
  readonly object: ManifestObject;
}

/** The cluster-scoped objects of one drill: named for it, and marked as disposable. */
export class ClusterObjects {
  readonly #api: KubernetesApi;
  readonly #names: Names;
  readonly #planned: readonly Planned[];

  constructor(
    api: KubernetesApi,
    { ofCluster, definitions }: Pick<Manifests, 'ofCluster' | 'definitions'>,
    names: Names,
    drillId: string,
  ) {
    this.#api = api;
    this.#names = names;
    this.#planned = ofCluster.flatMap((manifest) => {
      const type = clusterTypeOf(manifest, definitions);
      if (type === undefined) return [];
      const object = fillPlaceholders(manifest, names.namespace, drillId);
      const labels = { ...object.metadata.labels, ...names.labels };
      return [{ type, object: { ...object, metadata: { ...object.metadata, labels } } }];
    });
  }

  /** Creates the objects. Returns the kind of each. */
  async create(step: Pick<Step, 'clock' | 'signal'>): Promise<readonly string[]> {
    for (const { type, object } of this.#planned) {
      await untilAccepted(`${object.kind} ${object.metadata.name}`, step, async (signal) => {
        await this.#api.create(collectionPath(type), object, signal);
      });
    }
    return this.#planned.map(({ type }) => type.kind);
  }

  /** Returns the remaining objects, by kind. */
  sources(signal: AbortSignal): readonly Source[] {
    return [...Map.groupBy(this.#planned, ({ type }) => typeKey(type))].map(([kind, planned]) => {
      const paths = planned.map(pathOf).toSorted(compareText);
      const statusIsApart = planned.every(({ type }) => type.statusIsApart);
      return { kind, statusIsApart, objects: () => this.#each(paths, signal) };
    });
  }

  /** Returns the name and API path of each. */
  identityPaths(): readonly [string, string][] {
    return this.#planned.map((each) => [`UID of ${each.type.kind} ${each.object.metadata.name}`, pathOf(each)]);
  }

  /** Deletes the objects with this drill's mark. Returns their names. */
  async destroy(signal: AbortSignal): Promise<readonly string[]> {
    const mark = [SESSION_LABEL, DRILL_LABEL].map((label) => `${label}=${this.#names.labels[label]}`).join(',');
    const removed: string[] = [];
    for (const collection of new Set(this.#planned.map(({ type }) => collectionPath(type)))) {
      const kind = this.#planned.find(({ type }) => collectionPath(type) === collection)?.type.kind ?? '';
      for (const { metadata } of await Array.fromAsync(this.#api.list(collection, signal, mark))) {
        await this.#api.delete(`${collection}/${metadata.name}`, signal);
        removed.push(`${kind} ${metadata.name}`);
      }
    }
    return removed;
  }

  /** Deletes them by name, which holds the drill's id: a restored object may lack the mark. It also removes their finalizers. */
  async remove(signal: AbortSignal): Promise<void> {
    for (const each of this.#planned) {
      const path = pathOf(each);
      await this.#api.delete(path, signal);
      const left = await this.#api.findObject(path, signal);
      const held = left === undefined ? undefined : heldObject(whatOf(each), path, left);
      if (held !== undefined) await release(this.#api, held, signal);
    }
  }

  /** `what` of each read of `absence`. */
  absenceReads(): readonly string[] {
    return this.#planned.map((each) => `read ${whatOf(each)}`);
  }

  async absence(signal: AbortSignal): Promise<readonly AbsenceCheck[]> {
    return await Promise.all(
      this.#planned.map(async (each) => {
        const path = pathOf(each);
        const found = await this.#api.findObject(path, signal);
        const held = found === undefined ? undefined : heldObject(whatOf(each), path, found);
        const because = held === undefined ? '' : `; kept: ${tellHeld([held])}`;
        const observed =
          found === undefined ? 'not found (404)' : `it exists, UID ${found.metadata.uid ?? 'unknown'}${because}`;
        return { what: `read ${whatOf(each)}`, gone: found === undefined, observed };
      }),
    );
  }

  async *#each(paths: readonly string[], signal: AbortSignal): AsyncGenerator<KubernetesObject> {
    for (const path of paths) {
      const object = await this.#api.findObject(path, signal);
      if (object !== undefined) yield object;
    }
  }
}

const whatOf = ({ type, object }: Planned): string => `${type.kind} ${object.metadata.name}`;
const pathOf = ({ type, object }: Planned): string => `${collectionPath(type)}/${object.metadata.name}`;
