import { forEachBounded } from '../../asset-kit/bounded.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Acceptance } from './acceptance/acceptance.ts';
import type { KubernetesApi } from './api.ts';
import { collectionPath, discoverTypes, NAMESPACES, type ResourceType } from './discovery.ts';
import { fillPlaceholders, generateConfigMap, generateSecret } from './generate.ts';
import type { Manifests } from './manifests.ts';
import type { Names } from './names.ts';
import type { ManifestObject } from './objects.ts';
import type { ServiceOptions } from './service-options.ts';
import { volumeObjects } from './volumes/objects.ts';
import type { VolumePlan } from './volumes/options.ts';

const WRITES_AT_ONCE = 12;

export interface SeedPlan {
  readonly manifests: Manifests;
  readonly secrets: number;
  readonly configMaps: number;
  readonly volumes: readonly VolumePlan[];
  readonly service: ServiceOptions | undefined;
  readonly accepts: Acceptance | undefined;
}

/** The objects of the namespace, in the same order and with the same content for the same drill id. */
export function* plannedObjects(plan: SeedPlan, names: Names, drillId: string): Generator<ManifestObject> {
  for (const manifest of plan.manifests.objects) yield fillPlaceholders(manifest, names.namespace, drillId);
  for (let index = 0; index < plan.secrets; index += 1) yield generateSecret(index, drillId);
  for (let index = 0; index < plan.configMaps; index += 1) yield generateConfigMap(index, drillId);
  for (const volume of plan.volumes) yield* volumeObjects(volume);
}

/**
 * Makes the namespace, marked as disposable, and everything in it. Reports how many objects of each kind.
 * @param shaped gives an object its last form before it is made.
 */
export async function seedNamespace(
  api: KubernetesApi,
  plan: SeedPlan,
  names: Names,
  drillId: string,
  shaped: (object: ManifestObject) => ManifestObject,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const types = await discoverTypes(api, signal);
  await api.create(NAMESPACES, namespaceObject(plan.manifests, names), signal);
  const counts = new Map<string, number>([['Namespace', 1]]);
  await forEachBounded(plannedObjects(plan, names, drillId), WRITES_AT_ONCE, async (planned) => {
    const object = shaped(planned);
    await createObject(api, types, names.namespace, object, signal);
    counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1);
  });
  return counts;
}

export const countsOf = (kinds: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(kinds, (kind) => kind)].map(([kind, same]) => [kind, same.length]));

export async function createObject(
  api: KubernetesApi,
  types: readonly ResourceType[],
  namespace: string,
  object: ManifestObject,
  signal: AbortSignal,
): Promise<void> {
  const path = collectionPath(typeOf(object, types), namespace);
  await api.create(path, { ...object, metadata: { ...object.metadata, namespace } }, signal);
}

/** The drill's namespace: the author's labels and annotations, and the disposable mark. */
export function namespaceObject({ namespace }: Manifests, names: Names): ManifestObject {
  const { labels, annotations } = namespace?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: names.namespace,
      labels: { ...labels, ...names.labels },
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

/** @throws {ExplainedError} for an object of a type that the API does not serve, or that does not live in a namespace. */
export function typeOf(
  object: ManifestObject,
  types: readonly ResourceType[],
): Pick<ResourceType, 'group' | 'version' | 'plural'> {
  const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/', 2) : ['', object.apiVersion];
  const type = types.find((candidate) => candidate.group === group && candidate.kind === object.kind);
  if (type === undefined || version === undefined) {
    throw cannotSeed(object, `the API serves no ${object.kind} in ${object.apiVersion}`);
  }
  if (!type.namespaced) throw cannotSeed(object, `${object.kind} belongs to the whole cluster`);
  return { group: type.group, version, plural: type.plural };
}

function cannotSeed({ kind, metadata }: ManifestObject, observed: string): ExplainedError {
  return new ExplainedError({
    thing: `${kind} ${metadata.name}`,
    expected: 'an object that lives in a namespace, of a type that the API serves',
    observed,
    nextStep: 'Leave it out of the manifests, or add the CRD that defines it.',
  });
}
