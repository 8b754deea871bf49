import { z } from 'zod';
import { CUSTOM_RESOURCE_DEFINITIONS, isStatus, type KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { compareText } from '../../model/text.ts';
import { canonical } from './canonical.ts';
import type { ClusterObjects, Source } from './cluster-objects.ts';
import { collectionPath, discoverTypes, storedInNamespace, typeKey } from './discovery.ts';
import { isOfTheHarness } from './names.ts';
import { digestOf, type Fields, fieldsOf, isJsonObject, type JsonObject, type Path, toJson } from './objects.ts';
import { hasEnded, looksLikeMadeByController, makerOf } from './owners.ts';

/** One object of the asset for comparison, with digests in place of secret values. */
export interface ContentItem {
  /** `Secret`, `Deployment.apps`. */
  readonly kind: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly fields: Fields;
  /** The controller that made it and will make it again, e.g. `CronJob tick`. Such an object is not compared. */
  readonly madeBy?: string | undefined;
  /** True if it looks like an object of an unknown controller. If it was not declared, it is not compared. */
  readonly looksMade?: boolean | undefined;
  /** True for a finished Job or pod, which a restore leaves out. */
  readonly ended?: boolean | undefined;
  /** True if it ended after the fingerprint was taken. */
  readonly endedLater?: boolean | undefined;
}

/** Returns whether a fingerprint counts the object and a restore must bring it back. */
export const isCompared = ({ madeBy, ended }: ContentItem): boolean => madeBy === undefined && ended !== true;

/** Events and leases: made by controllers, never part of the content. */
export const NEVER_CONTENT: ReadonlySet<string> = new Set([
  'Event',
  'Event.events.k8s.io',
  'Lease.coordination.k8s.io',
]);
interface ContentPlace {
  readonly namespace: string;
  /** Names of the asset's CRDs. */
  readonly definitions: readonly string[];
  /** Cluster-scoped objects of the asset. */
  readonly ofCluster: ClusterObjects | undefined;
}

/** Kinds with many objects that no controller of Kubernetes makes or ends. */
const LASTING = new Set(['ConfigMap', 'Secret', 'Namespace']);

/** Returns whether objects of the kind come and go by themselves, because controllers make them or because they end. */
export const isPassing = (kind: string): boolean => !LASTING.has(kind);

/**
 * Yields the current content of the asset, sorted by kind and name, one object at a time: the namespace itself, every stored
 * object in it, found by discovery (not only seeded ones), and the asset's own CRDs and cluster-scoped objects. It also yields
 * objects of controllers, marked as such: a restore may bring back a copy that no longer names its owner.
 */
export async function* contentOf(
  api: KubernetesApi,
  place: ContentPlace,
  signal: AbortSignal,
  isWanted: (kind: string) => boolean = () => true,
): AsyncGenerator<ContentItem> {
  const scaled = await scaledObjects(api, place.namespace, signal);
  const sources = storedInNamespace(await discoverTypes(api, signal))
    .filter((type) => !NEVER_CONTENT.has(typeKey(type)))
    .map(
      (type): Source => ({
        kind: typeKey(type),
        statusIsApart: type.statusIsApart,
        objects: () => listed(api, collectionPath(type, place.namespace), signal),
      }),
    );
  const definition = (name: string) => `${CUSTOM_RESOURCE_DEFINITIONS}/${name}`;
  sources.push(
    {
      kind: 'CustomResourceDefinition.apiextensions.k8s.io',
      statusIsApart: true,
      objects: () => each(api, place.definitions.toSorted(compareText).map(definition), signal),
    },
    ...(place.ofCluster?.sources(signal) ?? []),
    { kind: 'Namespace', statusIsApart: true, objects: () => each(api, [`${NAMESPACES}/${place.namespace}`], signal) },
  );
  for (const { kind, statusIsApart, objects } of sources.sort((a, b) => compareText(a.kind, b.kind))) {
    if (!isWanted(kind)) continue;
    for await (const object of objects()) {
      if (isOfTheHarness(object.metadata)) continue;
      const item = marked(itemOf(kind, object, { statusIsApart, scaled }), object);
      if (appearsByItself(item)) continue;
      // A staging restore gives the namespace another name, so it is compared under a fixed one.
      yield kind === 'Namespace' ? { ...item, name: '(the namespace itself)' } : item;
    }
  }
}

/** Additional data for finding the author's declarations in an object. */
interface ItemOptions {
  readonly statusIsApart: boolean;
  readonly scaled: ScaledObjects;
}

export function itemOf(kind: string, object: KubernetesObject, { statusIsApart, scaled }: ItemOptions): ContentItem {
  const bareKind = kind.split('.')[0] ?? kind;
  const whole = canonical(bareKind, toJson(object), { statusIsApart });
  const content = scaled.trimmed(kind, object.metadata.name, whole);
  const fields = fieldsOf(content, bareKind === 'Secret' ? isSecretField : () => false);
  const sizeBytes = Buffer.byteLength(JSON.stringify(content));
  return { kind, name: object.metadata.name, sizeBytes, digest: digestOf(fields), fields };
}

function marked(item: ContentItem, object: KubernetesObject): ContentItem {
  const madeBy = makerOf(item.kind, object);
  return {
    ...item,
    ...(madeBy === undefined ? {} : { madeBy }),
    ...(looksLikeMadeByController(item.kind, object) ? { looksMade: true } : {}),
    ...(hasEnded(item.kind, object) ? { ended: true } : {}),
  };
}

/** Returns whether the field may hold a secret: values, and annotations, because `kubectl apply` keeps a whole Secret in one. */
function isSecretField(path: Path): boolean {
  return path[0] === 'data' || path[0] === 'stringData' || (path[0] === 'metadata' && path[1] === 'annotations');
}

/** Returns whether it is the certificate that Kubernetes writes into every namespace and restores after changes; it is no content. */
export const isGivenToAll = (kind: string, name: string): boolean =>
  kind === 'ConfigMap' && name === 'kube-root-ca.crt';

/**
 * Returns whether every namespace gets this object: a check that counted it would pass on an empty restore. An author's additions count.
 */
function appearsByItself({ kind, name, fields }: ContentItem): boolean {
  if (isGivenToAll(kind, name)) return true;
  return kind === 'ServiceAccount' && name === 'default' && Object.keys(fields).length === 0;
}

/** Yields a collection; empty if its type has disappeared in the meantime. The comparison then reports the missing objects. */
async function* listed(api: KubernetesApi, path: string, signal: AbortSignal): AsyncGenerator<KubernetesObject> {
  try {
    yield* api.list(path, signal);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

async function* each(
  api: KubernetesApi,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<KubernetesObject> {
  for (const path of paths) {
    const object = await api.findObject(path, signal);
    if (object !== undefined) yield object;
  }
}

const target = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    scaleTargetRef: z.looseObject({ apiVersion: z.string().default(''), kind: z.string(), name: z.string() }),
  }),
});

/** Objects whose number of replicas an autoscaler sets and may change at any moment. */
class ScaledObjects {
  readonly #autoscalers: ReadonlyMap<string, string>;

  /** @param autoscalers maps kind and name of a scaled object to the name of its HorizontalPodAutoscaler. */
  constructor(autoscalers: ReadonlyMap<string, string>) {
    this.#autoscalers = autoscalers;
  }

  /** Returns the object with the autoscaler's name in place of the number that it set. */
  trimmed(kind: string, name: string, object: JsonObject): JsonObject {
    const autoscaler = this.#autoscalers.get(`${kind} ${name}`);
    const { spec } = object;
    if (autoscaler === undefined || !isJsonObject(spec)) return object;
    return { ...object, spec: { ...spec, replicas: `(set by HorizontalPodAutoscaler ${autoscaler})` } };
  }
}

export const nothingScaled = new ScaledObjects(new Map());

/** Returns the objects that HorizontalPodAutoscalers of the namespace scale now. */
export async function scaledObjects(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<ScaledObjects> {
  const found = new Map<string, string>();
  try {
    const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
    for await (const object of api.list(path, signal)) {
      const { metadata, spec } = target.parse(object);
      const { apiVersion, kind, name } = spec.scaleTargetRef;
      const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
      found.set(`${typeKey({ group, kind })} ${name}`, metadata.name);
    }
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return new ScaledObjects(found);
}
