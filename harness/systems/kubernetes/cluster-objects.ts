import type { AbsenceCheck } from '../../model/asset.ts';
import { compareText } from '../../model/compare-text.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { KubernetesApi } from './api.ts';
import { collectionPath, type ResourceType, typeKey } from './discovery.ts';
import { fillPlaceholders, NAMESPACE_PLACEHOLDER } from './generate.ts';
import { DRILL_LABEL, type Names, SESSION_LABEL } from './names.ts';
import type { KubernetesObject, ManifestObject } from './objects.ts';

type Type = Pick<ResourceType, 'group' | 'version' | 'kind' | 'plural'>;

/** What a workload brings along for the whole cluster without changing anything for other workloads. */
const TYPES: readonly Type[] = [
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole', plural: 'clusterroles' },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRoleBinding', plural: 'clusterrolebindings' },
  { group: 'scheduling.k8s.io', version: 'v1', kind: 'PriorityClass', plural: 'priorityclasses' },
  { group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass', plural: 'storageclasses' },
];
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

const typeOf = ({ apiVersion, kind }: ManifestObject): Type | undefined =>
  TYPES.find((type) => type.kind === kind && `${type.group}/${type.version}` === apiVersion);

/**
 * True for an object of the whole cluster.
 * @throws {ExplainedError} for one that other drills of the same cluster would notice.
 */
export function isClusterScoped(object: ManifestObject): boolean {
  if (typeOf(object) === undefined) return false;
  const { kind, metadata } = object;
  const observed = !metadata.name.includes(NAMESPACE_PLACEHOLDER)
    ? 'its name is the same in every drill'
    : object['globalDefault'] === true || metadata.annotations?.[DEFAULT_CLASS] === 'true'
      ? "it is the whole cluster's default"
      : undefined;
  if (observed === undefined) return true;
  throw new ExplainedError({
    thing: `${kind} ${metadata.name}`,
    expected: 'to concern nobody but this namespace, because other drills use the same cluster',
    observed,
    nextStep: `Put ${NAMESPACE_PLACEHOLDER} into its name and wherever it is referred to, and let it be nobody's default.`,
  });
}

/** The objects of the whole cluster that belong to one drill: named for it, and marked as disposable. */
export class ClusterObjects {
  readonly #api: KubernetesApi;
  readonly #names: Names;
  readonly #planned: readonly { readonly type: Type; readonly object: ManifestObject }[];

  constructor(api: KubernetesApi, manifests: readonly ManifestObject[], names: Names, drillId: string) {
    this.#api = api;
    this.#names = names;
    this.#planned = manifests.flatMap((manifest) => {
      const type = typeOf(manifest);
      if (type === undefined) return [];
      const object = fillPlaceholders(manifest, names.namespace, drillId);
      const labels = { ...object.metadata.labels, ...names.labels };
      return [{ type, object: { ...object, metadata: { ...object.metadata, labels } } }];
    });
  }

  /** Makes them. Returns the kind of each. */
  async create(signal: AbortSignal): Promise<readonly string[]> {
    for (const { type, object } of this.#planned) await this.#api.create(collectionPath(type), object, signal);
    return this.#planned.map(({ type }) => type.kind);
  }

  /** What is there now of those that were made, by kind. */
  sources(signal: AbortSignal): readonly { kind: string; objects: () => AsyncGenerator<KubernetesObject> }[] {
    return [...Map.groupBy(this.#planned, ({ type }) => typeKey(type))].map(([kind, planned]) => {
      const paths = planned.map(pathOf).toSorted(compareText);
      return { kind, objects: () => this.#each(paths, signal) };
    });
  }

  /** What each is called, and where it is read. */
  identityPaths(): readonly [string, string][] {
    return this.#planned.map((each) => [`UID of ${each.type.kind} ${each.object.metadata.name}`, pathOf(each)]);
  }

  /** Deletes what carries this drill's mark. Returns the names. */
  async destroy(signal: AbortSignal): Promise<readonly string[]> {
    return this.#planned.length === 0 ? [] : await removeClusterObjects(this.#api, this.#names, signal);
  }

  /** `what` of each read of `absence`. */
  absenceReads(): readonly string[] {
    return this.#planned.map(({ type, object }) => `read ${type.kind} ${object.metadata.name}`);
  }

  async absence(signal: AbortSignal): Promise<readonly AbsenceCheck[]> {
    return await Promise.all(
      this.#planned.map(async (each) => {
        const found = await this.#api.findObject(pathOf(each), signal);
        const observed = found === undefined ? 'not found (404)' : `it exists, UID ${found.metadata.uid ?? 'unknown'}`;
        const what = `read ${each.type.kind} ${each.object.metadata.name}`;
        return { what, gone: found === undefined, observed };
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

const pathOf = ({ type, object }: { readonly type: Type; readonly object: ManifestObject }): string =>
  `${collectionPath(type)}/${object.metadata.name}`;

/** Deletes whatever of the whole cluster carries the mark of this session and drill. Returns the names. */
export async function removeClusterObjects(api: KubernetesApi, names: Names, signal: AbortSignal): Promise<string[]> {
  const mark = [SESSION_LABEL, DRILL_LABEL].map((label) => `${label}=${names.labels[label]}`).join(',');
  const removed: string[] = [];
  for (const type of TYPES) {
    const marked = await Array.fromAsync(api.list(collectionPath(type), signal, mark));
    for (const { metadata } of marked) {
      await api.delete(`${collectionPath(type)}/${metadata.name}`, signal);
      removed.push(`${type.kind} ${metadata.name}`);
    }
  }
  return removed;
}
