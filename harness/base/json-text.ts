import { isMap, isScalar, isSeq, parseDocument } from 'yaml';

/** A JSON document as it is written. */
export interface JsonText {
  /** As `JSON.parse` reads it: of a name that stands twice it keeps the last. */
  readonly document: unknown;
  /** Names that stand twice in one object: which of the two counts is up to whoever reads it. None in most documents. */
  readonly repeated: readonly string[];
}

/** @throws {SyntaxError} for a text that is no JSON. */
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
