import { readFileSync } from 'node:fs';
import { type Document, parseAllDocuments, type TagId, type Tags } from 'yaml';
import { z } from 'zod';
import { ContractMistakeError, summaryOf } from '../model/errors.ts';
import { type ManifestObject, manifestObject } from '../model/rendering.ts';
import { issuesInWords } from '../model/text.ts';
import { platformPath } from '../process/platform-folder.ts';

/**
 * The objects of a YAML or JSON file, by the rules of `kubectl apply -f`: the items of a List one by one, and documents without content left
 * out.
 * @throws {ContractMistakeError} for a file that cannot be read, is no YAML, or holds something that is no Kubernetes object.
 */
export function readObjects(path: string): readonly ManifestObject[] {
  return objectsIn(readText(path), path);
}

/** @param source what the text comes from, for a message. */
export function objectsIn(text: string, source: string): readonly ManifestObject[] {
  const several = jsonDocumentsIn(text) ?? documentsIn(text, source).map((document) => document.toJS() as unknown);
  return several.flatMap((value) => objectsOf(value, source));
}

/** The one document of a kustomization's file. @throws {ContractMistakeError} when it cannot be read, or is no YAML. */
export function readSettings(path: string): unknown {
  return documentsIn(readText(path), path)[0]?.toJS() ?? null;
}

function readText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(platformPath(path));
  } catch (error) {
    throw badManifest(path, 'a readable file', summaryOf(error), error);
  }
  try {
    // Without a byte order mark, as kubectl reads it.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw badManifest(path, 'text in UTF-8, which kubectl needs', 'it holds bytes that are not UTF-8', error);
  }
}

function documentsIn(text: string, source: string): readonly Document[] {
  const odd = ODD_BREAK.exec(text);
  if (odd !== null && !isJson(text)) {
    const code = `U+${odd[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    throw badManifest(
      source,
      'text that every YAML parser reads alike',
      `it holds the character ${code}, which kubectl reads as the end of a line and other parsers do not. Write it as an escape between double quotes`,
    );
  }
  const documents = parseAllDocuments(text, { schema: 'yaml-1.1', customTags: asKubectl, merge: true });
  return (Array.isArray(documents) ? documents : []).filter((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw badManifest(source, 'valid YAML', problem.message.split('\n')[0] ?? '', problem);
    return document.contents !== null && document.toJS() !== null;
  });
}

/** Ends of lines in YAML 1.1 alone. Where kubectl writes one, it indents what follows. */
const ODD_BREAK = /[\u0085\u2028\u2029]/;

function isJson(text: string): boolean {
  return jsonDocumentsIn(text) !== undefined;
}

/** Values of JSON one behind the other, as kubectl reads them; undefined when the text is something else. */
function jsonDocumentsIn(text: string): readonly unknown[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const found: unknown[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const end = endOfObject(rest);
    if (end === undefined) return undefined;
    try {
      found.push(JSON.parse(rest.slice(0, end)));
    } catch {
      return undefined;
    }
    rest = rest.slice(end);
  }
  return found;
}

/** Where the first JSON object of a text ends. */
function endOfObject(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{') depth += 1;
    else if (token === '}' && --depth === 0) return index + 1;
  }
  return undefined;
}

const list = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().regex(/List$/),
  items: z.array(z.unknown()).nullable(),
});

function objectsOf(value: unknown, source: string): ManifestObject[] {
  const several = list.safeParse(value);
  if (several.success) {
    const { apiVersion, kind, items } = several.data;
    // The items of a SecretList may leave out that they are Secrets.
    const same = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
    return (items ?? []).flatMap((item) => objectsOf(isMap(item) ? { ...same, ...item } : item, source));
  }
  const object = manifestObject.safeParse(withoutNulls(value));
  if (object.success) return [object.data];
  const thing = describe(value);
  if (thing.generates) {
    throw badManifest(
      source,
      'objects that can be applied',
      `${thing.name} has a generateName and no name, which kubectl apply and kubectl kustomize refuse. Give it a name`,
      object.error,
    );
  }
  const observed = issuesInWords(object.error);
  throw badManifest(
    source,
    'Kubernetes objects with apiVersion, kind and metadata.name',
    thing.name === '' ? observed : `${thing.name}: ${observed}`,
    object.error,
  );
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const described = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().nullish(), generateName: z.string().nullish() }).nullish(),
});

/** What an object that is not well formed calls itself. */
function describe(value: unknown): { readonly name: string; readonly generates: boolean } {
  const read = described.safeParse(value);
  if (!read.success) return { name: '', generates: false };
  const { kind, metadata } = read.data;
  const { name = '', generateName } = metadata ?? {};
  const generates = (name ?? '') === '' && typeof generateName === 'string';
  return { name: `${kind} ${name === '' || name === null ? (generateName ?? '') : name}`.trim(), generates };
}

/**
 * As kubectl reads YAML: version 1.1, in which 0400 is octal and `yes` is true, but without its dates and base-60 numbers,
 * which JSON cannot hold (https://github.com/kubernetes-sigs/yaml).
 */
function asKubectl(tags: Tags): Tags {
  const unwanted: readonly TagId[] = ['timestamp', 'intTime', 'floatTime'];
  return tags.filter((tag) =>
    typeof tag === 'string'
      ? !unwanted.includes(tag)
      : tag.tag !== 'tag:yaml.org,2002:timestamp' && !('format' in tag && tag.format === 'TIME'),
  );
}

/** What somebody got wrong in manifests: their contract is not drilled, and the others are. */
export function badManifest(
  path: string,
  expected: string,
  observed: string,
  cause?: unknown,
  nextStep = 'Correct the path or the file.',
): ContractMistakeError {
  return new ContractMistakeError({ thing: `manifests ${path}`, expected, observed, nextStep }, { cause });
}

// Null means absent: the API server decodes it into the zero value of the field, which the API's types take for "not set". In a map of
// texts the key stays, and its value is the empty text (encoding/json of Go, into map[string]string and map[string][]byte).

/** An object of a manifest without fields that are null, as the API server takes them. */
function withoutNulls(value: unknown): unknown {
  return cleaned(value, mapsOfTexts(value));
}

function cleaned(value: unknown, maps: ReadonlySet<unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => cleaned(item, maps));
  if (!isMap(value)) return value;
  if (maps.has(value)) return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, text ?? '']));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, cleaned(inner, maps)]])),
  );
}

function mapsOfTexts(value: unknown): ReadonlySet<unknown> {
  if (!isMap(value)) return new Set();
  const { apiVersion, kind, metadata } = value;
  const content =
    apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret')
      ? [value['data'], value['binaryData'], value['stringData']]
      : [];
  return new Set([...content, ...(isMap(metadata) ? [metadata['labels'], metadata['annotations']] : [])].filter(isMap));
}
