import { createHash } from 'node:crypto';
import { compareText } from '../../model/compare-text.ts';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './objects.ts';

/** The leaves of an object: path to value, as JSON text or, where the value is secret or long, as its digest. */
export type Fields = Readonly<Record<string, string>>;

/** Keys of objects and indices of arrays, from the root. */
export type Path = readonly (string | number)[];

const LONGEST_VALUE = 160;

/**
 * Every leaf with its path, sorted by path. Empty objects and arrays are leaves too.
 * @param isSecret tells from the path whether a value must never be kept in clear.
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

/** One digest over all fields. */
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
