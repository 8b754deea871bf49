import { forEachBounded } from '../../asset-kit/bounded.ts';
import type { Step } from '../../model/step.ts';
import type { Acceptance } from './acceptance/acceptance.ts';
import type { KubernetesApi } from './api.ts';
import { applyObject } from './apply-object.ts';
import { discoverTypes, NAMESPACES } from './discovery.ts';
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
 * Makes the namespace, marked as disposable, and applies everything in it. Reports how many objects of each kind.
 * @param shaped gives an object its last form before it is made.
 */
export async function seedNamespace(
  api: KubernetesApi,
  plan: SeedPlan,
  names: Names,
  drillId: string,
  shaped: (object: ManifestObject) => ManifestObject,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<ReadonlyMap<string, number>> {
  const types = await discoverTypes(api, signal);
  await api.create(NAMESPACES, namespaceObject(plan.manifests, names), signal);
  const place = { api, types, namespace: names.namespace, clock, signal };
  const counts = new Map<string, number>([['Namespace', 1]]);
  await forEachBounded(plannedObjects(plan, names, drillId), WRITES_AT_ONCE, async (planned) => {
    const object = shaped(planned);
    await applyObject(place, object);
    counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1);
  });
  return counts;
}

export const countsOf = (kinds: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(kinds, (kind) => kind)].map(([kind, same]) => [kind, same.length]));

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
