import { isStatus, KubernetesApi } from '../../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../../clients/kubernetes-object.ts';
import type { PostureDifference } from '../../../model/posture.ts';
import { collectionPath, discoverTypes, storedInNamespace, typeKey } from '../discovery.ts';
import { isJsonArray, isJsonObject, type Json, toJson } from '../objects.ts';

/** A placeholder that operators must replace. */
const PLACEHOLDER = /REPLACE_WITH_[A-Z0-9_]+/;
/** Kinds of bookkeeping: events and leases. */
const IGNORED_KINDS = new Set(['Event', 'Event.events.k8s.io', 'Lease.coordination.k8s.io']);

export interface PlaceholderSearch {
  readonly objects: number;
  readonly left: readonly PostureDifference[];
}

/** Yields every remaining `REPLACE_WITH_*` in live objects of those namespaces. It reads values of Secrets, but never shows them. */
export async function findPlaceholders(
  kubeconfigPath: string,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<PlaceholderSearch> {
  using api = new KubernetesApi(kubeconfigPath);
  const types = storedInNamespace(await discoverTypes(api, signal)).filter((type) => !IGNORED_KINDS.has(typeKey(type)));
  const left: PostureDifference[] = [];
  let objects = 0;
  for (const namespace of namespaces) {
    for (const type of types) {
      for await (const object of existing(api.list(collectionPath(type, namespace), signal))) {
        objects += 1;
        const item = `${typeKey(type)} ${namespace}/${object.metadata.name}`;
        for (const { path, placeholder } of placeholdersIn(typeKey(type), object)) {
          left.push({
            item,
            expected: `${path} filled in`,
            found: placeholder,
            nextStep: 'Replace it with the real value from your secret store.',
          });
        }
      }
    }
  }
  return { objects, left };
}

/** Yields the objects; none for a type that disappeared after discovery. */
async function* existing(objects: AsyncIterable<KubernetesObject>): AsyncGenerator<KubernetesObject> {
  try {
    yield* objects;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

interface PlaceholderAt {
  readonly path: string;
  readonly placeholder: string;
}

/** Yields placeholders in fields that people write. It skips field managers and kubectl's copy of the manifest. */
function* placeholdersIn(kind: string, object: KubernetesObject): Generator<PlaceholderAt> {
  const { metadata, ...rest } = toJson(object);
  if (isJsonObject(metadata)) {
    const { managedFields: _, annotations, ...named } = metadata;
    yield* inValue('metadata', named);
    if (isJsonObject(annotations)) {
      const { 'kubectl.kubernetes.io/last-applied-configuration': __, ...own } = annotations;
      yield* inValue('metadata.annotations', own);
    }
  }
  for (const [key, value] of Object.entries(rest)) {
    if (key === 'status') continue;
    yield* kind === 'Secret' && key === 'data' ? inSecret(value) : inValue(key, value);
  }
}

function* inSecret(data: Json): Generator<PlaceholderAt> {
  if (!isJsonObject(data)) return;
  for (const [key, value] of Object.entries(data)) {
    if (typeof value === 'string') yield* inText(`data.${key}`, Buffer.from(value, 'base64').toString('latin1'));
  }
}

function* inValue(path: string, value: Json): Generator<PlaceholderAt> {
  if (typeof value === 'string') yield* inText(path, value);
  else if (isJsonArray(value)) {
    for (const [index, entry] of value.entries()) yield* inValue(`${path}[${index}]`, entry);
  } else if (isJsonObject(value)) {
    for (const [key, entry] of Object.entries(value)) yield* inValue(`${path}.${key}`, entry);
  }
}

function* inText(path: string, text: string): Generator<PlaceholderAt> {
  const [placeholder] = PLACEHOLDER.exec(text) ?? [];
  if (placeholder !== undefined) yield { path, placeholder };
}
