import { type KubernetesApi, KubernetesApiError } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { isOverQuota, servedPath } from './apply-object.ts';
import { discoverTypes, type ResourceType } from './discovery.ts';
import { generateConfigMap, generateSecret, otherPayload } from './generate.ts';
import type { Names } from './names.ts';
import type { ManifestObject } from './objects.ts';
import { plannedObjects, type SeedPlan } from './seed.ts';

/** Set on one of the author's objects between two backups: nothing that runs looks at it. */
const CHANGE_ANNOTATION = 'dr-contracts.dev/changed';

/** The object without what was set between two backups: the probe reads it before and after. */
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
 * Changes the namespace as its users do. Of the author's objects one is annotated, because nobody knows which of them may go or change;
 * of those that the drill generates one is added, one gets other bytes of the same size, and one is deleted. @returns what was changed;
 * nothing where there is nothing to change.
 */
export async function alterNamespace(task: AlterTask): Promise<readonly string[]> {
  const { api, signal } = task;
  const types = await discoverTypes(api, signal);
  const changes = [await annotateOne(task, types), ...(await changeGenerated(task))].filter(
    (change) => change !== undefined,
  );
  return changes;
}

/** Objects that running programs read come last: an annotation of a ConfigMap restarts nothing. */
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
  // The first of each kind is what the probe reads. Under a quota there is room only once one has gone.
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

/** False where the author's own quota leaves no room. */
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
