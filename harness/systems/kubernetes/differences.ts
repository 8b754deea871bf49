import { randomBytes } from 'node:crypto';
import { type KubernetesApi, KubernetesApiError } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { compareText } from '../../model/text.ts';
import { canonical } from './canonical.ts';
import type { ContentItem } from './content.ts';
import { collectionPath, discoverTypes, type ResourceType, typeKey } from './discovery.ts';
import { HARNESS_DOMAIN } from './names.ts';
import { type Fields, isJsonObject, type JsonObject, pathOf, toJson, valueAt, withoutPaths } from './objects.ts';

/** One field in which two sides differ; undefined on a side without it. */
interface FieldDifference {
  readonly path: string;
  readonly expected: string | undefined;
  readonly observed: string | undefined;
}

/** Returns those additional fields of an object that the API server sets on every such object without them. */
export type GivenByServer = (
  item: ContentItem,
  paths: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlySet<string>>;

interface Differences {
  readonly fields: readonly FieldDifference[];
  /** Additional fields that are no difference: notes of tools, and defaults of the API server. */
  readonly besides: readonly string[];
}

/** Returns the fields that differ from the expected ones. A lost or changed field always counts. */
export async function differencesOf(
  expected: ContentItem,
  observed: ContentItem,
  givenByServer: GivenByServer,
  signal: AbortSignal,
): Promise<Differences> {
  if (expected.digest === observed.digest) return { fields: [], besides: [] };
  const fields = rawDifferences(expected.fields, observed.fields);
  const added = fields.filter((field) => field.expected === undefined).map(({ path }) => path);
  const notes = added.filter((path) => isNoteOfTool(path, expected.fields));
  const others = added.filter((path) => !notes.includes(path));
  const given = others.length === 0 ? new Set<string>() : await givenByServer(observed, others, signal);
  const besides = new Set([...notes, ...given]);
  return { fields: fields.filter(({ path }) => !besides.has(path)), besides: [...besides] };
}

function rawDifferences(expected: Fields, observed: Fields): readonly FieldDifference[] {
  const paths = [...new Set([...Object.keys(expected), ...Object.keys(observed)])].sort(compareText);
  return paths.flatMap((path) => {
    const [before, after] = [expected[path], observed[path]];
    if (before === after || (after === undefined && isFilledNow(path, before, observed))) return [];
    return [{ path, expected: before, observed: after }];
  });
}

/** Returns whether an empty object or array now has content: it is not lost, only its content is new. */
function isFilledNow(path: string, before: string | undefined, observed: Fields): boolean {
  if (before !== '{}' && before !== '[]') return false;
  return Object.keys(observed).some((other) => other.startsWith(`${path}.`) || other.startsWith(`${path}[`));
}

/** Domains reserved for Kubernetes, whose labels and annotations change its behaviour. */
const RESERVED = /(^|\.)(kubernetes|k8s)\.io$/;
const KUBECTL = 'kubectl.kubernetes.io';
const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** A label that is no note: the next backup leaves the object out. */
const LEFT_OUT_OF_BACKUPS = 'velero.io/exclude-from-backup';

/**
 * Returns whether a tool has added the label or annotation for itself. Keys without a domain belong to users, and tools must
 * use their domain as a prefix (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/). A domain
 * that the object already used belongs to its author.
 */
function isNoteOfTool(path: string, expected: Fields): boolean {
  const [metadata, part, key, ...more] = pathOf(path);
  if (typeof key === 'string' && metadata === 'metadata' && more.length === 0) {
    if (part !== 'annotations' && part !== 'labels') return false;
    if (key === LEFT_OUT_OF_BACKUPS) return false;
    if (key === MANAGED_BY) return true;
    const domain = domainOf(key);
    if (domain === KUBECTL) return true;
    if (domain === undefined || domain === HARNESS_DOMAIN || RESERVED.test(domain)) return false;
    return !Object.keys(expected).some((other) => isInDomain(pathOf(other), domain));
  }
  // `kubectl rollout restart` notes its time in the pod template.
  const [last, place] = [pathOf(path).at(-1), pathOf(path).at(-2)];
  return place === 'annotations' && typeof last === 'string' && domainOf(last) === KUBECTL;
}

const isInDomain = ([metadata, part, key]: ReturnType<typeof pathOf>, domain: string): boolean =>
  metadata === 'metadata' &&
  (part === 'labels' || part === 'annotations') &&
  typeof key === 'string' &&
  domainOf(key) === domain;

function domainOf(key: string): string | undefined {
  const slash = key.indexOf('/');
  return slash === -1 ? undefined : key.slice(0, slash);
}

/** Maximum number of questions to the API server: with more differing objects, answers add no explanation. */
const MOST_QUESTIONS = 200;

/**
 * Asks the API server by dry runs which fields it sets on an object that is created or replaced without them: defaults of types, of
 * CustomResourceDefinitions and of LimitRanges, and additions by admission.
 */
export function askingServer(api: KubernetesApi, namespace: () => string): GivenByServer {
  let types: Promise<readonly ResourceType[]> | undefined;
  /** Answers by object and fields: the probe asks the same question with every read. */
  const asked = new Map<string, ReadonlySet<string>>();
  return async ({ kind, name }: ContentItem, paths, signal) => {
    const question = JSON.stringify([kind, name, namespace(), paths]);
    const known = asked.get(question);
    if (known !== undefined) return known;
    // An aborted discovery is repeated.
    types ??= discoverTypes(api, signal).catch((error: unknown) => {
      types = undefined;
      throw error;
    });
    const type = (await types).find((each) => each.namespaced && typeKey(each) === kind);
    if (type === undefined || asked.size >= MOST_QUESTIONS) return new Set();
    const collection = collectionPath(type, namespace());
    const held = await api.findObject(`${collection}/${name}`, signal);
    if (held === undefined) return new Set();
    const without = withoutPaths(toJson(held), paths.map(pathOf));
    if (!isJsonObject(without)) return new Set();
    const answers = [
      await answerTo(() => api.dryRunCreate(collection, asNew(type, without), signal)),
      await answerTo(() => api.dryRunReplace(`${collection}/${name}`, named(type, without), signal)),
    ];
    const given = (path: string) =>
      answers.some((answer) => answer !== undefined && isSame(toJson(answer), toJson(held), path));
    const found = new Set(paths.filter(given));
    asked.set(question, found);
    return found;
  };
}

const isSame = (answer: JsonObject, held: JsonObject, path: string): boolean =>
  JSON.stringify(valueAt(answer, pathOf(path))) === JSON.stringify(valueAt(held, pathOf(path)));

const named = ({ group, version, kind }: ResourceType, object: JsonObject): JsonObject => ({
  ...object,
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
});

/** Returns the object under another name, without values that the server assigns only once. */
function asNew(type: ResourceType, object: JsonObject): JsonObject {
  const declared = canonical(type.kind, object);
  const metadata = isJsonObject(declared['metadata']) ? declared['metadata'] : {};
  return named(type, { ...declared, metadata: { ...metadata, name: `dr-asked-${randomBytes(4).toString('hex')}` } });
}

/** Returns the answer; undefined for a refusal: the object cannot exist without these fields, so the server does not add them. */
async function answerTo(ask: () => Promise<KubernetesObject>): Promise<KubernetesObject | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof KubernetesApiError) return undefined;
    throw error;
  }
}
