import { z } from 'zod';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { type Applying, servedPath } from './apply-object.ts';
import { FIELD_MANAGER } from './names.ts';
import { isJsonObject, type ManifestObject, manifestObject, toJson } from './objects.ts';

const madeBy = z.looseObject({
  ownerReferences: z
    .array(z.looseObject({ kind: z.string(), name: z.string(), controller: z.boolean().optional() }))
    .default([]),
  managedFields: z
    .array(z.looseObject({ manager: z.string().default(''), subresource: z.string().default('') }))
    .default([]),
});

/** Kinds with data of their own, regardless of their maker: a lost claim is lost data. */
const ALWAYS_CONTENT = new Set(['PersistentVolumeClaim']);
/** Objects that controllers make for a Service without an owner reference. */
const ENDPOINTS = new Set(['Endpoints', 'EndpointSlice.discovery.k8s.io']);
const ENDPOINT_LABELS = ['endpointslice.kubernetes.io/managed-by', 'endpoints.kubernetes.io/managed-by'];
const CONTROLLER_MANAGER = 'kube-controller-manager';

/**
 * Returns the controller that made the object and will make it again, e.g. `CronJob tick`; undefined for a declared object. An owner
 * reference names it, unless the drill seeded the object itself: controllers adopt objects that match their selector.
 * @param kind as in `Job.batch`.
 */
export function makerOf(kind: string, { metadata }: KubernetesObject): string | undefined {
  if (ALWAYS_CONTENT.has(kind)) return undefined;
  const { ownerReferences, managedFields } = madeBy.parse(metadata);
  const managers = managedFields.filter(({ subresource }) => subresource === '').map(({ manager }) => manager);
  if (managers.includes(FIELD_MANAGER)) return undefined;
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner !== undefined) return `${owner.kind} ${owner.name}`;
  const isOfController =
    ENDPOINTS.has(kind) &&
    (ENDPOINT_LABELS.some((label) => metadata.labels?.[label] !== undefined) ||
      (managers.length > 0 && managers.every((manager) => manager === CONTROLLER_MANAGER)));
  return isOfController ? 'a controller' : undefined;
}

/** Keys that only controllers set on their objects (kubernetes pkg/controller). */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['pod-template-hash', 'controller-revision-hash', 'batch.kubernetes.io/controller-uid', 'controller-uid'],
  'ReplicaSet.apps': ['pod-template-hash'],
  'ControllerRevision.apps': ['controller-revision-hash', 'controller.kubernetes.io/hash'],
  'Job.batch': ['batch.kubernetes.io/cronjob-scheduled-timestamp'],
};

/**
 * Returns whether the object is a copy of a controller's object. Velero removes the owner reference, and the object may be newer than
 * the fingerprint, so its name may be unknown.
 */
export function looksLikeMadeByController(kind: string, { metadata }: KubernetesObject): boolean {
  return (SIGNS[kind] ?? []).some(
    (sign) => metadata.labels?.[sign] !== undefined || metadata.annotations?.[sign] !== undefined,
  );
}

const statusOf = z.looseObject({
  phase: z.string().optional(),
  conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
});

/** Returns whether a Job or a pod has finished. Velero does not restore finished ones (velero pkg/restore, isCompleted). */
export function hasEnded(kind: string, object: KubernetesObject): boolean {
  const { status } = toJson(object);
  if (!isJsonObject(status)) return false;
  const { phase, conditions } = statusOf.parse(status);
  if (kind === 'Pod') return phase === 'Succeeded' || phase === 'Failed';
  return (
    kind === 'Job.batch' &&
    conditions.some(({ type, status: is }) => ['Complete', 'Failed'].includes(type) && is === 'True')
  );
}

const reference = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string().optional(),
});
const owned = z.looseObject({ ownerReferences: z.array(reference).default([]) });

type Reference = z.infer<typeof reference>;

const referencesOf = ({ metadata }: ManifestObject): readonly Reference[] => owned.parse(metadata).ownerReferences;

const isOf = (object: ManifestObject, { kind, name }: Reference): boolean =>
  object.kind === kind && object.metadata.name === name;

/**
 * Returns the objects that name owners among the same manifests, each after its owners. The UID of an owner is unknown before its
 * creation, so owned objects are created last.
 */
export function ownedAmong(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  const waiting = objects.filter((object) =>
    referencesOf(object).some((each) => objects.some((other) => other !== object && isOf(other, each))),
  );
  const ordered: ManifestObject[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((object) =>
      referencesOf(object).every((each) => !waiting.some((other) => other !== object && isOf(other, each))),
    );
    // Objects that own each other have no order; the API server accepts any.
    ordered.push(...waiting.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

/** Returns the object with the actual UIDs of its owners. */
export async function withOwners(
  object: ManifestObject,
  objects: readonly ManifestObject[],
  { api, types, namespace, signal }: Applying,
): Promise<ManifestObject> {
  const ownerReferences: Reference[] = [];
  for (const each of referencesOf(object)) {
    const owner = objects.find((other) => isOf(other, each));
    const held = owner === undefined ? undefined : await api.findObject(servedPath(owner, types, namespace), signal);
    ownerReferences.push(held?.metadata.uid === undefined ? each : { ...each, uid: held.metadata.uid });
  }
  return manifestObject.parse({ ...object, metadata: { ...object.metadata, ownerReferences } });
}
