import { z } from 'zod';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import { configMapsPath, type KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import type { Acceptance } from './acceptance/acceptance.ts';
import { type Applying, applyObject } from './apply-object.ts';
import { discoverTypes } from './discovery.ts';
import { fillPlaceholders, generateConfigMap, generateSecret } from './generate.ts';
import type { Manifests } from './manifests.ts';
import type { Names } from './names.ts';
import type { ManifestObject } from './objects.ts';
import type { ServiceOptions } from './options.ts';
import { ownedAmong, withOwners } from './owners.ts';
import type { KubernetesPlace } from './service.ts';
import { volumeObjects } from './volumes/objects.ts';
import type { VolumePlan } from './volumes/options.ts';

const WRITES_AT_ONCE = 12;
const LIMITS_BUDGET_MS = 30_000;

export interface SeedPlan {
  readonly manifests: Manifests;
  readonly secrets: number;
  readonly configMaps: number;
  readonly volumes: readonly VolumePlan[];
  readonly service: ServiceOptions | undefined;
  readonly accepts: Acceptance | undefined;
}

/** Yields the objects of the namespace, in the same order and with the same content for the same drill id. */
export function* plannedObjects(plan: SeedPlan, names: Names, drillId: string): Generator<ManifestObject> {
  for (const manifest of plan.manifests.objects) yield fillPlaceholders(manifest, names.namespace, drillId);
  for (let index = 0; index < plan.secrets; index += 1) yield generateSecret(index, drillId);
  for (let index = 0; index < plan.configMaps; index += 1) yield generateConfigMap(index, drillId);
  for (const volume of plan.volumes) yield* volumeObjects(volume);
}

/**
 * Creates the namespace, marked as disposable, and applies its objects. Returns the number of objects by kind.
 * @param shaped adapts an object before its creation.
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
  const make = async (object: ManifestObject) => {
    await applyObject(place, object);
    counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1);
  };
  await makeLimits(plan, place, async (object) => await make(fillPlaceholders(object, names.namespace, drillId)));
  const manifests = plan.manifests.objects.map((object) => fillPlaceholders(object, names.namespace, drillId));
  const owned = ownedAmong(manifests);
  const isOwned = ({ kind, metadata }: ManifestObject) =>
    owned.some((other) => other.kind === kind && other.metadata.name === metadata.name);
  await forEachBounded(plannedObjects(plan, names, drillId), WRITES_AT_ONCE, async (planned) => {
    if (!isLimit(planned) && !isOwned(planned)) await make(shaped(planned));
  });
  for (const planned of owned) await make(shaped(await withOwners(planned, manifests, place)));
  return counts;
}

/** Returns whether the object limits others in the namespace. Limits come first, as in the order of kustomize. */
const isLimit = ({ kind }: ManifestObject): boolean => kind === 'ResourceQuota' || kind === 'LimitRange';

async function makeLimits(
  { manifests }: SeedPlan,
  { api, namespace, clock, signal }: Applying,
  make: (object: ManifestObject) => Promise<void>,
): Promise<void> {
  const limits = manifests.objects.filter(isLimit);
  const quotas = limits.filter(({ kind }) => kind === 'ResourceQuota').map(({ metadata }) => metadata.name);
  // A quota also counts Kubernetes' own objects: they must exist first, or additions of the harness take their room.
  const given = [`${NAMESPACES}/${namespace}/serviceaccounts/default`, `${configMapsPath(namespace)}/kube-root-ca.crt`];
  if (quotas.length > 0) await untilAll(given, 'what every namespace gets', (found) => found !== undefined);
  for (const limit of limits) await make(limit);
  const paths = quotas.map((name) => `${NAMESPACES}/${namespace}/resourcequotas/${name}`);
  await untilAll(paths, 'the quotas to be in force', (found) => inForce.safeParse(found).success);

  async function untilAll(
    all: readonly string[],
    what: string,
    isThere: (found: KubernetesObject | undefined) => boolean,
  ): Promise<void> {
    await waitFor(
      {
        for: what,
        budgetMs: LIMITS_BUDGET_MS,
        look: async (lookSignal) => {
          for (const path of all) {
            if (!isThere(await api.findObject(path, lookSignal))) return notYet(`${path} is not`);
          }
          return arrived(undefined);
        },
      },
      clock,
      signal,
    );
  }
}

/** The status of a quota whose controller has counted the existing objects. */
const inForce = z.looseObject({ status: z.looseObject({ hard: z.record(z.string(), z.string()) }) });

export const countsOf = (kinds: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(kinds, (kind) => kind)].map(([kind, same]) => [kind, same.length]));

/** Returns the drill's namespace, with the author's labels and annotations and the disposable mark. */
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

const containers = z.array(z.looseObject({ image: z.string() })).default([]);
const podTemplate = z.looseObject({
  spec: z.looseObject({
    replicas: z.int().default(1),
    template: z.looseObject({ spec: z.looseObject({ containers, initContainers: containers }) }),
  }),
});

/** Returns the images of the pods of these objects; workloads with zero replicas have none. */
export function imagesOf(objects: Iterable<ManifestObject>): readonly string[] {
  const images = new Set<string>();
  for (const object of objects) {
    const { data } = podTemplate.safeParse(object);
    if (data === undefined || data.spec.replicas === 0) continue;
    const { containers: main, initContainers } = data.spec.template.spec;
    for (const { image } of [...initContainers, ...main]) images.add(image);
  }
  return [...images];
}

/** Returns images of the pods that the drill needs: those of volumes and, with a service under contract, those of the manifests. */
export function imagesOfPlan({ volumes, service, manifests }: SeedPlan): readonly string[] {
  const running = service === undefined ? [] : imagesOf(manifests.objects);
  return [...new Set([...volumes.map(({ image }) => image), ...running])];
}

/** Loads images of this machine onto the nodes. A node pulls a missing one from its registry. */
export async function bringImages(
  place: KubernetesPlace,
  images: readonly string[],
  { signal, progress }: Pick<Step, 'signal' | 'progress'>,
): Promise<void> {
  for (const image of images) {
    progress(`bringing image ${image} to the nodes`);
    try {
      await place.nodes.loadImage(image, signal, { progress });
    } catch (error) {
      signal.throwIfAborted();
      progress(`the nodes have to pull image ${image} themselves: ${summaryOf(error)}`);
    }
  }
}
