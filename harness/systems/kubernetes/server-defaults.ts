import { randomBytes } from 'node:crypto';
import { type KubernetesApi, KubernetesApiError } from './api.ts';
import { canonical } from './canonical.ts';
import type { ContentItem } from './content.ts';
import type { GivenByServer } from './differences.ts';
import { collectionPath, discoverTypes, type ResourceType, typeKey } from './discovery.ts';
import { pathOf, valueAt, withoutPaths } from './fields.ts';
import { isJsonObject, type JsonObject, type KubernetesObject, toJson } from './objects.ts';

/** Where so many objects differ, more questions explain nothing more. */
const MOST_QUESTIONS = 200;

/**
 * Asks the API server itself, by dry runs that change nothing: which fields does it give an object that is made without them, or
 * is replaced by one without them? Defaults of types, of CustomResourceDefinitions and of LimitRanges, and what admission adds.
 */
export function askingServer(api: KubernetesApi, namespace: () => string): GivenByServer {
  let types: Promise<readonly ResourceType[]> | undefined;
  /** By object and fields: the probe asks the same again with every read. */
  const asked = new Map<string, ReadonlySet<string>>();
  return async ({ kind, name }: ContentItem, paths, signal) => {
    const question = JSON.stringify([kind, name, namespace(), paths]);
    const known = asked.get(question);
    if (known !== undefined) return known;
    // A discovery that was cut off is made again.
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

/** Under another name, and without what the server hands out only once. */
function asNew(type: ResourceType, object: JsonObject): JsonObject {
  const declared = canonical(type.kind, object);
  const metadata = isJsonObject(declared['metadata']) ? declared['metadata'] : {};
  return named(type, { ...declared, metadata: { ...metadata, name: `dr-asked-${randomBytes(4).toString('hex')}` } });
}

/** A refusal is an answer too: the object cannot be without these fields, so nobody gives them to it. */
async function answerTo(ask: () => Promise<KubernetesObject>): Promise<KubernetesObject | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof KubernetesApiError) return undefined;
    throw error;
  }
}
