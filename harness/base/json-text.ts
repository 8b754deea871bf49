import { isMap, isScalar, isSeq, parseDocument } from 'yaml';

/** A parsed JSON document and its repeated names. */
export interface JsonText {
  /** Document as `JSON.parse` reads it. Of a repeated name it keeps the last value. */
  readonly document: unknown;
  /** Names that occur twice in one object. Readers differ on which of the two counts. Most documents have none. */
  readonly repeated: readonly string[];
}

/** @throws {SyntaxError} for a text that is not JSON. */
export function parseJsonText(text: string): JsonText {
  const document: unknown = JSON.parse(text);
  return { document, repeated: repeatedIn(parseDocument(text, { schema: 'json', uniqueKeys: false }).contents, '') };
}

/** @param place of the node, such as `Statement[0].Condition`; empty for the whole document. */
function repeatedIn(node: unknown, place: string): readonly string[] {
  if (isSeq(node)) return node.items.flatMap((item, index) => repeatedIn(item, `${place}[${index}]`));
  if (!isMap(node)) return [];
  const seen = new Set<string>();
  const found = new Set<string>();
  const below: string[] = [];
  for (const { key, value } of node.items) {
    const name = String(isScalar(key) ? key.value : key);
    if (seen.has(name)) found.add(`"${name}" stands more than once in ${place === '' ? 'the document' : place}`);
    seen.add(name);
    below.push(...repeatedIn(value, place === '' ? name : `${place}.${name}`));
  }
  return [...found, ...below];
}
