import { readFileSync } from 'node:fs';
import { type Document, isScalar, parseAllDocuments, type TagId, type Tags, visit } from 'yaml';
import { z } from 'zod';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { platformPath } from '../process/platform-folder.ts';
import { type ManifestObject, manifestObject } from './object.ts';

/**
 * The objects of a YAML or JSON file, those of a List one by one.
 * @throws {ExplainedError} for a file that cannot be read, is no YAML, or holds something that is no Kubernetes object.
 */
export function readObjects(path: string): readonly ManifestObject[] {
  return objectsIn(readText(path), path);
}

/** @param source what the text comes from, for a message. */
export function objectsIn(text: string, source: string): readonly ManifestObject[] {
  return documentsIn(text, source).flatMap((document) => objectsOf(document.toJS(), source));
}

/** The one document of a kustomization's file. @throws {ExplainedError} when it cannot be read, or is no YAML. */
export function readSettings(path: string): unknown {
  return documentsIn(readText(path), path)[0]?.toJS() ?? null;
}

/**
 * The first plain value of a file that kustomize takes for something else than `kubectl apply` does: `no` becomes a text, and a date
 * gets a time of day (https://github.com/kubernetes-sigs/kustomize/issues/3946).
 */
export function ambiguousValueIn(path: string): string | undefined {
  let found: string | undefined;
  for (const document of documentsIn(readText(path), path)) {
    visit(document, {
      Scalar(_, node) {
        if (!isScalar(node) || node.type !== 'PLAIN' || node.source === undefined) return undefined;
        if (!AMBIGUOUS.test(node.source)) return undefined;
        found ??= node.source;
        return visit.BREAK;
      },
    });
  }
  return found;
}

const AMBIGUOUS = /^(?:y|n|yes|no|on|off|\d{4}-\d\d?-\d\d?(?:[Tt\s].*)?)$/i;

function readText(path: string): string {
  try {
    return readFileSync(platformPath(path), 'utf8');
  } catch (error) {
    throw badManifest(path, 'a readable file', summaryOf(error), error);
  }
}

function documentsIn(text: string, source: string): readonly Document[] {
  const odd = ODD_BREAK.exec(text);
  if (odd !== null && !isJson(text)) {
    const code = `U+${odd[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    throw badManifest(
      source,
      'text that every reader of YAML takes for the same',
      `it holds the character ${code}, which kubectl takes for the end of a line and other readers do not. Write it as an escape between double quotes`,
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
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const list = z.looseObject({ kind: z.string().regex(/List$/), items: z.array(z.unknown()) });

function objectsOf(value: unknown, source: string): ManifestObject[] {
  const several = list.safeParse(value);
  if (several.success) return several.data.items.flatMap((item) => objectsOf(item, source));
  const object = manifestObject.safeParse(value);
  if (object.success) return [object.data];
  const observed = z.prettifyError(object.error).replaceAll(/\s*\n\s*/g, ' ');
  throw badManifest(source, 'Kubernetes objects with apiVersion, kind and metadata.name', observed, object.error);
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

export function badManifest(path: string, expected: string, observed: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    { thing: `manifests ${path}`, expected, observed, nextStep: 'Correct the path or the file.' },
    { cause },
  );
}
