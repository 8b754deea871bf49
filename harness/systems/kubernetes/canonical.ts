import { isJsonArray, isJsonObject, type Json, type JsonObject } from './objects.ts';

/** What the server or the restore writes into every object's metadata; a restored object rightly has other values. */
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
  // Part of the identity, which is compared as such (and mapped by a staging restore).
  'name',
  'namespace',
  // Names owners by UID: Velero leaves it out on purpose and controllers adopt again (velero pkg/restore, resetMetadata).
  'ownerReferences',
]);

/** Written by controllers, by the API server, or by this harness beside the content. */
const SERVER_ANNOTATIONS = new Set([
  'deployment.kubernetes.io/revision',
  'kubernetes.io/service-account.uid',
  'dr-contracts.dev/known-to-velero',
]);
/** Written by the controllers that bind a claim to a volume; a restored claim is bound anew. */
const BINDING_PREFIXES = ['pv.kubernetes.io/', 'volume.kubernetes.io/', 'volume.beta.kubernetes.io/'];
const SERVER_LABELS = new Set(['kubernetes.io/metadata.name']);
/** A restore labels everything it makes with `velero.io/backup-name` and `velero.io/restore-name`. */
const RESTORE_PREFIX = 'velero.io/';
/** The name of a custom resource's `status` and of every other kind's: observed, not declared; Velero restores none. */
const NOT_DECLARED = new Set(['status', 'apiVersion', 'kind']);

/**
 * The object less what the server, its controllers and the restore own. Applying it twice changes nothing more.
 * Field names follow the Kubernetes API conventions; `kind` is the bare kind, e.g. `Service`.
 */
export function canonical(kind: string, object: JsonObject): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) {
    if (NOT_DECLARED.has(key)) continue;
    kept[key] = key === 'metadata' && isJsonObject(value) ? canonicalMetadata(value) : value;
  }
  const trimmed = trimKind(kind, kept);
  return withoutEmptyMetadata(trimmed);
}

function canonicalMetadata(metadata: JsonObject): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (SERVER_METADATA.has(key)) continue;
    if (key === 'labels' && isJsonObject(value)) keepUnlessEmpty(kept, key, without(value, SERVER_LABELS));
    else if (key === 'annotations' && isJsonObject(value)) {
      keepUnlessEmpty(kept, key, without(value, SERVER_ANNOTATIONS));
    } else kept[key] = value;
  }
  return kept;
}

function without(values: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([key]) => !names.has(key) && ![RESTORE_PREFIX, ...BINDING_PREFIXES].some((prefix) => key.startsWith(prefix)),
    ),
  );
}

function trimKind(kind: string, object: JsonObject): JsonObject {
  switch (kind) {
    case 'Service':
      return withSpec(object, trimServiceSpec);
    case 'Namespace':
      return withSpec(object, (spec) => omit(spec, ['finalizers']));
    case 'PersistentVolumeClaim':
      return withSpec(object, (spec) => omit(spec, ['volumeName']));
    case 'ServiceAccount':
      return omit(object, ['secrets']);
    case 'Secret':
      return object['type'] === 'kubernetes.io/service-account-token' ? omit(object, ['data']) : object;
    default:
      return object;
  }
}

/** Addresses and node ports are handed out anew; `clusterIP: None` is the author's and stays. */
function trimServiceSpec(spec: JsonObject): JsonObject {
  const headless = spec['clusterIP'] === 'None';
  const kept = omit(spec, ['healthCheckNodePort', ...(headless ? [] : ['clusterIP', 'clusterIPs'])]);
  const ports = kept['ports'];
  if (!isJsonArray(ports)) return kept;
  return { ...kept, ports: ports.map((port) => (isJsonObject(port) ? omit(port, ['nodePort']) : port)) };
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
