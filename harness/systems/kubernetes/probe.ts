import { type KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import type { AssetProbe } from '../../model/asset.ts';
import { withoutChange } from './alter.ts';
import { mapped, type NamespaceMapping } from './compare.ts';
import { type ContentItem, isGivenToAll, itemOf, NEVER_CONTENT, nothingScaled, scaledObjects } from './content.ts';
import { differencesOf, type GivenByServer } from './differences.ts';
import { collectionPath, discoverTypes, type ResourceType, typeKey } from './discovery.ts';
import { PROBE_ANNOTATION } from './names.ts';
import type { ManifestObject } from './objects.ts';
import { hasEnded } from './owners.ts';

/** One seeded object that the probe reads, with its expected content. */
export interface Sample {
  readonly type: ResourceType;
  readonly name: string;
  readonly item: ContentItem;
  /** True for a Job and for a pod: a finished one does not come back. */
  readonly mayEnd: boolean;
}

/** Maximum number of samples: more would make a read too slow for timing the service. */
const MOST_SAMPLES = 12;
const READ_FIRST = ['Secret', 'ConfigMap', 'Deployment.apps', 'StatefulSet.apps'];
const MAY_END = new Set(['Pod', 'Job.batch']);
/** Kinds that are preferred for writes, because no workload reacts to them. */
const WRITTEN_FIRST = ['ConfigMap', 'Secret', 'ServiceAccount'];

/**
 * Returns the first seeded object of every kind, as the API holds it now: Secrets, ConfigMaps, workloads and custom resources first.
 * Jobs and pods, which may end, are used only if there is nothing else.
 */
export async function takeSamples(
  api: KubernetesApi,
  namespace: string,
  seeded: Iterable<ManifestObject>,
  customKinds: readonly string[],
  signal: AbortSignal,
): Promise<readonly Sample[]> {
  const types = await discoverTypes(api, signal);
  const first = new Map<string, { readonly type: ResourceType; readonly name: string }>();
  for (const { apiVersion, kind, metadata } of seeded) {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    const key = typeKey({ group, kind });
    if (first.has(key) || NEVER_CONTENT.has(key) || isGivenToAll(key, metadata.name)) continue;
    const type = types.find((candidate) => typeKey(candidate) === key);
    if (type?.verbs.includes('get') === true) first.set(key, { type, name: metadata.name });
  }
  const lasting = [...first.keys()].filter((key) => !MAY_END.has(key));
  const order = lasting.length > 0 ? inOrder(lasting, [...READ_FIRST, ...customKinds]) : [...first.keys()];
  const samples: Sample[] = [];
  for (const key of order.slice(0, MOST_SAMPLES)) {
    const found = first.get(key);
    if (found === undefined) continue;
    const held = await api.getObject(`${collectionPath(found.type, namespace)}/${found.name}`, signal);
    if (hasEnded(key, held)) continue;
    samples.push({ ...found, item: await itemIn(api, namespace, found.type, held, signal), mayEnd: MAY_END.has(key) });
  }
  return samples;
}

function inOrder(keys: readonly string[], before: readonly string[]): readonly string[] {
  return [...before.filter((key) => keys.includes(key)), ...keys.filter((key) => !before.includes(key))];
}

export interface ProbedNamespace {
  readonly api: KubernetesApi;
  /** Where users find the asset now. */
  readonly namespace: () => string;
  /** Undefined before seeding. */
  readonly samples: () => readonly Sample[] | undefined;
  readonly givenByServer: GivenByServer;
  /** The mapping if the asset was restored into another namespace than the seeded one. */
  readonly mapping: () => NamespaceMapping | undefined;
}

/**
 * Returns a probe that reads the samples and checks their content. It writes an annotation to one of them, which comparisons ignore. If
 * there is no sample, it uses the namespace itself.
 */
export function namespaceProbe(place: ProbedNamespace): AssetProbe {
  const { api, namespace, samples } = place;
  let writes = 0;
  return {
    get reads() {
      const kinds = (samples() ?? []).map(({ type, name }) => `${type.kind} ${name}`);
      return kinds.length === 0 ? 'the namespace' : `the content of ${kinds.join(', ')}`;
    },
    get writes() {
      const sample = writtenOf(samples() ?? []);
      return `an annotation of ${sample === undefined ? 'the namespace' : `${sample.type.kind} ${sample.name}`}`;
    },
    async read(signal) {
      const seeded = samples();
      if (seeded === undefined) throw new Error('the namespace was not seeded yet');
      const [first, ...others] = seeded;
      if (first === undefined) await api.getObject(pathIn(namespace(), undefined), signal);
      // Until the first sample is back, the others are not read: that would only load the server during the timing.
      else await readSample(place, first, signal);
      await Promise.all(others.map((sample) => readSample(place, sample, signal)));
    },
    async write(signal) {
      writes += 1;
      const path = pathIn(namespace(), writtenOf(samples() ?? []));
      await api.patch(path, { metadata: { annotations: { [PROBE_ANNOTATION]: String(writes) } } }, signal);
    },
  };
}

const writtenOf = (samples: readonly Sample[]): Sample | undefined =>
  WRITTEN_FIRST.map((kind) => samples.find(({ type }) => typeKey(type) === kind)).find(
    (found) => found !== undefined,
  ) ?? samples[0];

const pathIn = (namespace: string, sample: Sample | undefined): string =>
  sample === undefined ? `${NAMESPACES}/${namespace}` : `${collectionPath(sample.type, namespace)}/${sample.name}`;

async function readSample(place: ProbedNamespace, { type, name, item }: Sample, signal: AbortSignal): Promise<void> {
  const namespace = place.namespace();
  const held = await place.api.getObject(`${collectionPath(type, namespace)}/${name}`, signal);
  const { fields } = await differencesOf(
    mapped(item, place.mapping()),
    await itemIn(place.api, namespace, type, held, signal),
    place.givenByServer,
    signal,
  );
  const [first] = fields;
  if (first !== undefined) {
    throw new Error(`${type.kind} ${name} is there, but its ${first.path} is not what was seeded`);
  }
}

async function itemIn(
  api: KubernetesApi,
  namespace: string,
  type: ResourceType,
  object: KubernetesObject,
  signal: AbortSignal,
): Promise<ContentItem> {
  const scaled = type.group === 'apps' ? await scaledObjects(api, namespace, signal) : nothingScaled;
  return itemOf(typeKey(type), withoutChange(object), { statusIsApart: type.statusIsApart, scaled });
}
