import { z } from 'zod';
import { HARNESS_KEYS } from './names.ts';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './objects.ts';

/** Metadata that the server or the restore writes into every object; a restored object has other values. */
const SERVER_METADATA = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'generateName',
  'managedFields',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  // Part of the identity, which is compared separately (and mapped by a staging restore).
  'name',
  'namespace',
  // Names owners by UID: Velero omits it deliberately and controllers adopt again (velero pkg/restore, resetMetadata).
  'ownerReferences',
]);

/** Written by controllers and by the API server. */
const SERVER_ANNOTATIONS = new Set([
  'deployment.kubernetes.io/revision',
  'kubernetes.io/service-account.uid',
  'batch.kubernetes.io/job-tracking',
  'deprecated.daemonset.template.generation',
  // The leader, renewed every few seconds.
  'control-plane.alpha.kubernetes.io/leader',
]);
const SERVER_LABELS = new Set(['kubernetes.io/metadata.name']);
/** A restore labels all its objects with its own names; objects from an earlier restore have older ones. */
const RESTORE_STAMPS = new Set(['velero.io/backup-name', 'velero.io/restore-name']);
/** Annotations by the controllers that bind a claim to a volume; a restored claim is bound again. */
const BINDING_PREFIXES = ['pv.kubernetes.io/', 'volume.kubernetes.io/', 'volume.beta.kubernetes.io/'];
/** Annotations of the author under the same prefixes: the older way to name a class, and options of a volume. */
const DECLARED_BINDINGS = new Set([
  'volume.beta.kubernetes.io/storage-class',
  'volume.beta.kubernetes.io/mount-options',
]);
/** Secrets that controllers of Kubernetes and of OpenShift make for an account and list in it. */
const MADE_FOR_ACCOUNT = /-(?:token|dockercfg)-[a-z0-9]{5}$/;
const NOT_DECLARED = new Set(['apiVersion', 'kind']);
/** The API server writes the Job's UID into its labels, its selector and those of its pods (kubernetes pkg/registry/batch/job). */
const JOB_UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'];
/** The annotation in which `kubectl apply` keeps the last applied object, as JSON. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const AS_APPLIED = '(the object as it was applied last)';

export interface CanonicalOptions {
  /** False if the type has no status subresource: then the author writes the status field. The default is true. */
  readonly statusIsApart?: boolean;
}

/**
 * Returns the object without fields of the server, its controllers, the restore and the harness. It is idempotent.
 * Field names follow the Kubernetes API conventions; `kind` is the bare kind, e.g. `Service`.
 */
export function canonical(
  kind: string,
  object: JsonObject,
  { statusIsApart = true }: CanonicalOptions = {},
): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) {
    if (NOT_DECLARED.has(key) || (key === 'status' && statusIsApart)) continue;
    kept[key] = key === 'metadata' && isJsonObject(value) ? canonicalMetadata(kind, value) : value;
  }
  const trimmed = trimKind(kind, kept);
  return withoutEmptyMetadata(trimmed);
}

function canonicalMetadata(kind: string, metadata: JsonObject): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (SERVER_METADATA.has(key)) continue;
    if (key === 'labels' && isJsonObject(value)) keepUnlessEmpty(kept, key, without(value, SERVER_LABELS));
    else if (key === 'annotations' && isJsonObject(value)) {
      keepUnlessEmpty(kept, key, withBookkeeping(kind, metadata['name'], without(value, SERVER_ANNOTATIONS)));
    } else if (key === 'finalizers' && isJsonArray(value)) {
      const authored = value.filter((finalizer) => !isOfKubernetes(finalizer));
      if (authored.length > 0) kept[key] = authored;
    } else kept[key] = value;
  }
  return kept;
}

function without(values: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([key]) =>
        !names.has(key) &&
        !RESTORE_STAMPS.has(key) &&
        !HARNESS_KEYS.has(key) &&
        (DECLARED_BINDINGS.has(key) || !BINDING_PREFIXES.some((prefix) => key.startsWith(prefix))),
    ),
  );
}

/** Replaces the note of `kubectl apply` by a fixed value if it is about this object: its loss counts, its content does not. */
function withBookkeeping(kind: string, name: Json | undefined, annotations: JsonObject): JsonObject {
  const note = annotations[LAST_APPLIED];
  if (typeof note !== 'string' || !isAbout(note, kind, name)) return annotations;
  return { ...annotations, [LAST_APPLIED]: AS_APPLIED };
}

function isAbout(note: string, kind: string, name: Json | undefined): boolean {
  try {
    const applied = z
      .looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
      .parse(JSON.parse(note));
    return applied.kind === kind && applied.metadata.name === name;
  } catch {
    // An unreadable note is compared unchanged.
    return false;
  }
}

/** Kubernetes' own finalizers without a domain (k8s.io/apimachinery meta/v1, core/v1). Others without a slash belong to an operator. */
const OWN_FINALIZERS = new Set(['foregroundDeletion', 'orphan', 'kubernetes']);

/** Returns whether the finalizer belongs to Kubernetes' own controllers, which set and remove it. */
export function isOfKubernetes(finalizer: Json): boolean {
  if (typeof finalizer !== 'string') return false;
  const [domain, ...rest] = finalizer.split('/');
  return rest.length === 0 ? OWN_FINALIZERS.has(finalizer) : /(^|\.)(kubernetes|k8s)\.io$/.test(domain ?? '');
}

function trimKind(kind: string, object: JsonObject): JsonObject {
  switch (kind) {
    case 'Service':
      return withSpec(object, trimServiceSpec);
    case 'Namespace':
      return withSpec(object, (spec) => omit(spec, ['finalizers']));
    case 'Job':
      return trimJob(object);
    case 'Pod':
      return withSpec(object, trimPodSpec);
    case 'PersistentVolumeClaim':
      return withSpec(object, (spec) => omit(spec, ['volumeName']));
    case 'ServiceAccount':
      return trimServiceAccount(object);
    case 'Secret':
      return object['type'] === 'kubernetes.io/service-account-token' ? omit(object, ['data']) : object;
    default:
      return object;
  }
}

/** Keeps the Secrets that the author lists, and drops those that a controller made for the account. */
function trimServiceAccount(account: JsonObject): JsonObject {
  const { secrets, ...rest } = account;
  if (!isJsonArray(secrets)) return rest;
  const declared = secrets.filter(
    (secret) => isJsonObject(secret) && typeof secret['name'] === 'string' && !MADE_FOR_ACCOUNT.test(secret['name']),
  );
  return declared.length === 0 ? rest : { ...rest, secrets: declared };
}

/** Drops addresses and node ports, which are assigned again; the author's `clusterIP: None` stays. */
function trimServiceSpec(spec: JsonObject): JsonObject {
  const headless = spec['clusterIP'] === 'None';
  const kept = omit(spec, ['healthCheckNodePort', ...(headless ? [] : ['clusterIP', 'clusterIPs'])]);
  const ports = kept['ports'];
  if (!isJsonArray(ports)) return kept;
  return { ...kept, ports: ports.map((port) => (isJsonObject(port) ? omit(port, ['nodePort']) : port)) };
}

/** Drops the Job's UID in labels and selector, unless the author wrote the selector. */
function trimJob(job: JsonObject): JsonObject {
  const spec = job['spec'];
  if (isJsonObject(spec) && spec['manualSelector'] === true) return job;
  const trimmed = withoutLabels(job, JOB_UID_LABELS);
  return withSpec(trimmed, (jobSpec) => {
    const { template, ...rest } = omit(jobSpec, ['selector']);
    return isJsonObject(template)
      ? { ...rest, template: withoutLabels(template, JOB_UID_LABELS) }
      : omit(jobSpec, ['selector']);
  });
}

/** Returns the object, or the pod template, without these labels. */
function withoutLabels(object: JsonObject, labels: readonly string[]): JsonObject {
  const metadata = object['metadata'];
  if (!isJsonObject(metadata) || !isJsonObject(metadata['labels'])) return object;
  const kept: Record<string, Json> = { ...omit(metadata, ['labels']) };
  keepUnlessEmpty(kept, 'labels', omit(metadata['labels'], labels));
  return withoutEmptyMetadata({ ...object, metadata: kept });
}

/** Drops the node, which the scheduler chooses, and the token volume, whose name is random. */
function trimPodSpec(spec: JsonObject): JsonObject {
  const named = (values: Json | undefined): Json | undefined =>
    isJsonArray(values)
      ? values.map((value) =>
          isJsonObject(value) && typeof value['name'] === 'string'
            ? { ...value, name: value['name'].replace(/^(kube-api-access)-[a-z0-9]{5}$/, '$1') }
            : value,
        )
      : values;
  const mounting = (containers: Json | undefined): Json | undefined =>
    isJsonArray(containers)
      ? containers.map((container) => (isJsonObject(container) ? changed(container, 'volumeMounts', named) : container))
      : containers;
  const placed = changed(omit(spec, ['nodeName']), 'volumes', named);
  return changed(changed(placed, 'containers', mounting), 'initContainers', mounting);
}

function changed(object: JsonObject, key: string, change: (value: Json | undefined) => Json | undefined): JsonObject {
  const value = change(object[key]);
  return value === undefined ? object : { ...object, [key]: value };
}

function withSpec(object: JsonObject, change: (spec: JsonObject) => JsonObject): JsonObject {
  const spec = object['spec'];
  if (!isJsonObject(spec)) return object;
  const changed = change(spec);
  return Object.keys(changed).length === 0 ? omit(object, ['spec']) : { ...object, spec: changed };
}

function omit(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function keepUnlessEmpty(into: Record<string, Json>, key: string, value: JsonObject): void {
  if (Object.keys(value).length > 0) into[key] = value;
}

function withoutEmptyMetadata(object: JsonObject): JsonObject {
  const metadata = object['metadata'];
  return isJsonObject(metadata) && Object.keys(metadata).length === 0 ? omit(object, ['metadata']) : object;
}
