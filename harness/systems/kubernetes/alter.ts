import { type KubernetesApi, KubernetesApiError } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { isOverQuota, servedPath } from './apply-object.ts';
import { discoverTypes, type ResourceType } from './discovery.ts';
import { generateConfigMap, generateSecret, otherPayload } from './generate.ts';
import type { Names } from './names.ts';
import type { ManifestObject } from './objects.ts';
import { plannedObjects, type SeedPlan } from './seed.ts';

/** An annotation that is set on one of the author's objects between two backups. No program reads it. */
const CHANGE_ANNOTATION = 'dr-contracts.dev/changed';

/** Returns the object without the annotation set between two backups: the probe compares it before and after. */
export function withoutChange<T extends Pick<KubernetesObject, 'metadata'>>(object: T): T {
  const { [CHANGE_ANNOTATION]: change, ...annotations } = object.metadata.annotations ?? {};
  if (change === undefined) return object;
  // An object that had no annotations before has no such field.
  const { annotations: _, ...metadata } = object.metadata;
  const own = Object.keys(annotations).length === 0 ? {} : { annotations };
  return { ...object, metadata: { ...metadata, ...own } };
}

export interface AlterTask {
  readonly api: KubernetesApi;
  readonly plan: SeedPlan;
  readonly names: Names;
  readonly drillId: string;
  readonly signal: AbortSignal;
}

/**
 * Changes the namespace like its users. It only annotates one of the author's objects, because it is unknown which may change or go.
 * Of the generated objects, it adds one, changes one to other bytes of the same size, and deletes one. @returns the changes;
 * empty if there are none.
 */
export async function alterNamespace(task: AlterTask): Promise<readonly string[]> {
  const { api, signal } = task;
  const types = await discoverTypes(api, signal);
  const changes = [await annotateOne(task, types), ...(await changeGenerated(task))].filter(
    (change) => change !== undefined,
  );
  return changes;
}

/** Kinds in order of preference: an annotation of a ConfigMap restarts no program. */
const QUIET = ['ConfigMap', 'Secret', 'ServiceAccount', 'Role', 'RoleBinding', 'Service'];

function* byQuietness(plan: SeedPlan, names: Names, drillId: string): Generator<ManifestObject> {
  const rank = ({ kind }: ManifestObject) => (QUIET.includes(kind) ? QUIET.indexOf(kind) : QUIET.length);
  yield* plan.manifests.objects.toSorted((one, other) => rank(one) - rank(other));
  yield* plannedObjects(plan, names, drillId);
}

async function annotateOne(
  { api, plan, names, drillId, signal }: AlterTask,
  types: readonly ResourceType[],
): Promise<string | undefined> {
  for (const object of byQuietness(plan, names, drillId)) {
    const path = servedPath(object, types, names.namespace);
    if ((await api.findObject(path, signal)) === undefined) continue;
    await api.patch(
      path,
      { metadata: { annotations: { [CHANGE_ANNOTATION]: `between the backups of ${drillId}` } } },
      signal,
    );
    return `${object.kind} ${object.metadata.name} annotated`;
  }
  return undefined;
}

async function changeGenerated({ api, plan, names, drillId, signal }: AlterTask): Promise<readonly string[]> {
  const collection = (plural: string) => `/api/v1/namespaces/${names.namespace}/${plural}`;
  const changes: string[] = [];
  // The probe reads the first of each kind. A quota may leave room only after a deletion.
  if (plan.secrets > 1) {
    const { metadata } = generateSecret(plan.secrets - 1, drillId);
    await api.delete(`${collection('secrets')}/${metadata.name}`, signal);
    changes.push(`Secret ${metadata.name} deleted`);
  }
  if (plan.secrets > 0) {
    const added = generateSecret(plan.secrets, drillId);
    if (await makeUnderQuota(api, collection('secrets'), added, signal)) {
      changes.push(`Secret ${added.metadata.name} added`);
    }
  }
  if (plan.configMaps > 1) {
    const { metadata } = generateConfigMap(plan.configMaps - 1, drillId);
    const payload = otherPayload(plan.configMaps - 1, drillId);
    await api.patch(`${collection('configmaps')}/${metadata.name}`, { data: { payload } }, signal);
    changes.push(`ConfigMap ${metadata.name} overwritten with other ${payload.length} characters`);
  }
  return changes;
}

/** Creates an object; returns false if the author's own quota leaves no room. */
async function makeUnderQuota(
  api: KubernetesApi,
  path: string,
  object: ManifestObject,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await api.create(path, object, signal);
    return true;
  } catch (error) {
    if (error instanceof KubernetesApiError && isOverQuota(error)) return false;
    throw error;
  }
}
