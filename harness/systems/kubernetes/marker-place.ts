import { configMapsPath, type KubernetesApi, KubernetesApiError, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { MARKERS_NAME } from './access.ts';
import { untilAccepted } from './apply-object.ts';
import { isGivenToAll } from './content.ts';
import { collectionPath } from './discovery.ts';
import { LANE, MARKER_ANNOTATION, MARKER_LABEL } from './names.ts';
import { isJsonObject, type JsonObject, type ManifestObject, toJson } from './objects.ts';
import type { Sample } from './probe.ts';

/** The place of markers: a separate object, or an annotation of one of the platform's objects. */
export interface MarkerPlace {
  /** For a reader: "ConfigMap dr-markers". */
  readonly what: string;
  path(namespace: string): string;
  /** Returns the object for creating the place; undefined for an object that only the platform creates. */
  readonly create: ((namespace: string, text: string) => { path: string; object: JsonObject }) | undefined;
  /** Returns the merge patch. */
  patch(text: string): { readonly metadata?: JsonObject; readonly [key: string]: unknown };
  textIn(object: KubernetesObject): string | undefined;
}

type OwnKind = 'ConfigMap' | 'Secret';

/**
 * Returns the place that fits the seeded objects: a ConfigMap beside ConfigMaps, else a Secret beside Secrets, with the labels of the first
 * one, so that a selector of all of them also selects it. If there are neither, or a quota leaves no room, it is an annotation of
 * a seeded object. A request to the API server shows whether there is room.
 */
export async function choosePlace(
  api: KubernetesApi,
  namespace: string,
  seeded: Iterable<ManifestObject>,
  samples: readonly Sample[],
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<MarkerPlace> {
  const labels = labelsOfFirst(seeded);
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    const shared = labels.get(kind);
    if (shared === undefined) continue;
    const place = ownPlace(kind, shared);
    if (await hasRoom(api, namespace, place, step)) return place;
  }
  return placeOn(samples.find(({ mayEnd }) => !mayEnd) ?? samples[0]);
}

/**
 * Returns the labels of the first ConfigMap and of the first Secret. Their common labels would be too few: a selector may list several
 * values of one label.
 */
function labelsOfFirst(seeded: Iterable<ManifestObject>): ReadonlyMap<OwnKind, Readonly<Record<string, string>>> {
  const labels = new Map<OwnKind, Readonly<Record<string, string>>>();
  for (const { apiVersion, kind, metadata } of seeded) {
    if (apiVersion !== 'v1' || (kind !== 'ConfigMap' && kind !== 'Secret')) continue;
    if (!labels.has(kind) && !isGivenToAll(kind, metadata.name)) labels.set(kind, metadata.labels ?? {});
  }
  return labels;
}

async function hasRoom(
  api: KubernetesApi,
  namespace: string,
  { create }: MarkerPlace,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<boolean> {
  if (create === undefined) return true;
  const { path, object } = create(namespace, '');
  try {
    await untilAccepted('the object for markers', step, (signal) => api.dryRunCreate(path, object, signal));
    return true;
  } catch (error) {
    // Refused permanently: by a quota, or by a policy of the platform.
    if (isRefusal(error)) return false;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  const cause = error instanceof ExplainedError ? error.cause : error;
  return cause instanceof KubernetesApiError;
}

function ownPlace(kind: OwnKind, labels: Readonly<Record<string, string>>): MarkerPlace {
  const collection = (namespace: string) =>
    kind === 'ConfigMap' ? configMapsPath(namespace) : `${NAMESPACES}/${namespace}/secrets`;
  const encoded = (text: string) => (kind === 'ConfigMap' ? text : Buffer.from(text).toString('base64'));
  const dataOf = (text: string) => ({ [LANE]: encoded(text) });
  return {
    what: `${kind} ${MARKERS_NAME}`,
    path: (namespace) => `${collection(namespace)}/${MARKERS_NAME}`,
    create: (namespace, text) => ({
      path: collection(namespace),
      object: {
        apiVersion: 'v1',
        kind,
        metadata: { name: MARKERS_NAME, labels: { ...labels, [MARKER_LABEL]: LANE } },
        data: dataOf(text),
      },
    }),
    patch: (text) => ({ data: dataOf(text) }),
    textIn: (object) => {
      const { data } = toJson(object);
      const value = isJsonObject(data) ? data[LANE] : undefined;
      if (typeof value !== 'string') return undefined;
      return kind === 'ConfigMap' ? value : Buffer.from(value, 'base64').toString();
    },
  };
}

/** @param sample the object that gets the annotation; the namespace itself if there is none. */
function placeOn(sample: Pick<Sample, 'type' | 'name'> | undefined): MarkerPlace {
  return {
    what: `an annotation of ${sample === undefined ? 'the namespace' : `${sample.type.kind} ${sample.name}`}`,
    path: (namespace) =>
      sample === undefined ? `${NAMESPACES}/${namespace}` : `${collectionPath(sample.type, namespace)}/${sample.name}`,
    create: undefined,
    patch: (text) => ({ metadata: { annotations: { [MARKER_ANNOTATION]: text } } }),
    textIn: ({ metadata }) => metadata.annotations?.[MARKER_ANNOTATION],
  };
}
