import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { compareText } from '../../model/text.ts';

export { type ManifestObject, manifestObject } from '../../model/rendering.ts';

/** Any value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const jsonObject = z.record(z.string(), z.json());

/** Returns the object as plain JSON, for walking through all of its fields. */
export function toJson(object: KubernetesObject): JsonObject {
  return jsonObject.parse(object);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a JSON array; `Array.isArray` does not narrow readonly arrays. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The leaves of an object: path to value, as JSON text or, for secret and long values, as its digest. */
export type Fields = Readonly<Record<string, string>>;

/** Keys of objects and indices of arrays, from the root. */
export type Path = readonly (string | number)[];

const LONGEST_VALUE = 160;

/**
 * Returns every leaf with its path, sorted by path. Empty objects and arrays are leaves too.
 * @param isSecret returns for a path whether its value must not be kept in clear.
 */
export function fieldsOf(object: JsonObject, isSecret: (path: Path) => boolean): Fields {
  const found: [string, string][] = [];
  const visit = (value: Json, path: Path) => {
    if (isJsonObject(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
    } else if (isJsonArray(value) && value.length > 0) {
      for (const [index, inner] of value.entries()) visit(inner, [...path, index]);
    } else {
      const text = JSON.stringify(value);
      found.push([pathText(path), isSecret(path) || text.length > LONGEST_VALUE ? digestOfLeaf(value) : text]);
    }
  };
  if (Object.keys(object).length > 0) visit(object, []);
  return Object.fromEntries(found.sort(([a], [b]) => compareText(a, b)));
}

/** Returns one digest over all fields. */
export function digestOf(fields: Fields): string {
  return sha256(JSON.stringify(fields));
}

export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function digestOfLeaf(value: Json): string {
  const content = typeof value === 'string' ? value : JSON.stringify(value);
  return `${sha256(content)} (${Buffer.byteLength(content)} bytes)`;
}

/** `spec.ports[0].name`, `data["tls.crt"]`. */
function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[A-Za-z0-9_-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

const PART = /\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([A-Za-z0-9_-]+)/g;

/** Returns the path of a text. */
export function pathOf(text: string): Path {
  return [...text.matchAll(PART)].map(([, index, quoted, plain]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (plain ?? '') : z.string().parse(JSON.parse(`"${quoted}"`));
  });
}

/** Returns the value at a path; undefined if there is none. */
export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((inner, part) => {
    if (isJsonArray(inner)) return typeof part === 'number' ? inner[part] : undefined;
    return isJsonObject(inner) ? inner[part] : undefined;
  }, value);
}

/** Returns the value without the given paths, and without objects and array elements that become empty. */
export function withoutPaths(value: Json, paths: readonly Path[]): Json | undefined {
  if (paths.length === 0) return value;
  if (paths.some((path) => path.length === 0)) return undefined;
  const below = (key: string | number) => paths.filter(([first]) => first === key).map((path) => path.slice(1));
  if (isJsonArray(value)) {
    const kept = value.map((inner, index) => withoutPaths(inner, below(index))).filter((inner) => inner !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
    const left = withoutPaths(inner, below(key));
    return left === undefined ? [] : [[key, left]];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
