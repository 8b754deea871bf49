import { compareText } from '../../model/compare-text.ts';
import type { KubernetesApi } from './api.ts';
import { isStatus } from './api.ts';
import { canonical } from './canonical.ts';
import type { ClusterObjects } from './cluster-objects.ts';
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  collectionPath,
  discoverTypes,
  NAMESPACES,
  storedInNamespace,
  typeKey,
} from './discovery.ts';
import { digestOf, type Fields, fieldsOf, type Path } from './fields.ts';
import { MARKER_LABEL, PROBE_LABEL } from './names.ts';
import { type KubernetesObject, toJson } from './objects.ts';

/** One object of the asset, as compared: where its values are secret, only digests. */
export interface ContentItem {
  /** `Secret`, `Deployment.apps`. */
  readonly kind: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly fields: Fields;
}

/** Records of what happens, of who leads and of who listens: made by controllers, never part of the content. */
const NEVER_CONTENT = new Set(['Event', 'Event.events.k8s.io', 'Lease.coordination.k8s.io']);
const MADE_BY_OWNERS = new Set(['Pod', 'ReplicaSet.apps', 'ControllerRevision.apps']);
const CONTROLLER_LABELS = ['pod-template-hash', 'controller-revision-hash', 'controller.kubernetes.io/hash'];
const ENDPOINT_LABELS = ['endpointslice.kubernetes.io/managed-by', 'endpoints.kubernetes.io/managed-by'];

export interface ContentPlace {
  readonly namespace: string;
  /** Names of the CRDs that the asset brings with it. */
  readonly definitions: readonly string[];
  /** Objects of the whole cluster that the asset brings with it. */
  readonly ofCluster: ClusterObjects;
}

/**
 * Everything that the asset holds now, sorted by kind and name, one object at a time: the namespace itself, every stored
 * object in it, found by discovery (not only what was seeded), and the asset's own CRDs and objects of the whole cluster.
 */
export async function* contentOf(
  api: KubernetesApi,
  place: ContentPlace,
  signal: AbortSignal,
): AsyncGenerator<ContentItem> {
  const sources = storedInNamespace(await discoverTypes(api, signal))
    .filter((type) => !NEVER_CONTENT.has(typeKey(type)))
    .map((type) => ({
      kind: typeKey(type),
      objects: () => listed(api, collectionPath(type, place.namespace), signal),
    }));
  const definition = (name: string) => `${CUSTOM_RESOURCE_DEFINITIONS}/${name}`;
  sources.push(
    {
      kind: 'CustomResourceDefinition.apiextensions.k8s.io',
      objects: () => each(api, place.definitions.toSorted(compareText).map(definition), signal),
    },
    ...place.ofCluster.sources(signal),
    { kind: 'Namespace', objects: () => each(api, [`${NAMESPACES}/${place.namespace}`], signal) },
  );
  for (const { kind, objects } of sources.sort((a, b) => compareText(a.kind, b.kind))) {
    for await (const object of objects()) {
      if (isOfTheHarness(object) || isOfAController(kind, object)) continue;
      const item = itemOf(kind, object);
      if (appearsByItself(item)) continue;
      // The mapped namespace has another name in a staging restore; there is one, and it is the same thing.
      yield kind === 'Namespace' ? { ...item, name: '(the namespace itself)' } : item;
    }
  }
}

export function itemOf(kind: string, object: KubernetesObject): ContentItem {
  const bareKind = kind.split('.')[0] ?? kind;
  const content = canonical(bareKind, toJson(object));
  const fields = fieldsOf(content, bareKind === 'Secret' ? isSecretField : () => false);
  const sizeBytes = Buffer.byteLength(JSON.stringify(content));
  return { kind, name: object.metadata.name, sizeBytes, digest: digestOf(fields), fields };
}

/** Values, and annotations too: `kubectl apply` keeps a whole Secret in one. */
function isSecretField(path: Path): boolean {
  return path[0] === 'data' || path[0] === 'stringData' || (path[0] === 'metadata' && path[1] === 'annotations');
}

function isOfTheHarness({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[MARKER_LABEL] !== undefined || metadata.labels?.[PROBE_LABEL] !== undefined;
}

function isOfAController(kind: string, { metadata }: KubernetesObject): boolean {
  const has = (labels: readonly string[]) => labels.some((label) => metadata.labels?.[label] !== undefined);
  if (MADE_BY_OWNERS.has(kind)) return has(CONTROLLER_LABELS);
  return (kind === 'Endpoints' || kind === 'EndpointSlice.discovery.k8s.io') && has(ENDPOINT_LABELS);
}

/** What every namespace gets within a second: a check that counts it passes on an empty restore. */
function appearsByItself({ kind, name, fields }: ContentItem): boolean {
  if (kind === 'ConfigMap') return name === 'kube-root-ca.crt';
  return kind === 'ServiceAccount' && name === 'default' && Object.keys(fields).length === 0;
}

/** A collection whose type has gone away in the meantime holds nothing; the comparison then says what is missing. */
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
