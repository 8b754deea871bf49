import { expect, test } from 'vitest';
import { parseJsonText } from './json-text.ts';

test('a document is read as JSON.parse reads it', () => {
  const text = JSON.stringify(
    { a: [{ b: 1 }, { b: 2 }], c: { 'k:1': null, k: '# no comment', '<<': '\t\n"' } },
    null,
    '\t',
  );
  expect(parseJsonText(text)).toEqual({ document: JSON.parse(text), repeated: [] });
  expect(parseJsonText('3')).toEqual({ document: 3, repeated: [] });
});

test('names that stand twice in one object are told with their place, whatever their escapes', () => {
  const text = String.raw`{"S":[{"A":1,"B":{"c":1,"c":2,"c":3}},{"A":1,"\u0041":2}],"S":[]}`;
  expect(parseJsonText(text).repeated).toEqual([
    '"S" stands more than once in the document',
    '"c" stands more than once in S[0].B',
    '"A" stands more than once in S[1]',
  ]);
});

test('a key of any length is looked at', () => {
  const key = 'k'.repeat(3_000);
  expect(parseJsonText(`{"${key}":1,"${key}":2}`).repeated).toHaveLength(1);
});

test('what is YAML and no JSON is refused', () => {
  for (const text of ['a: 1', '{a: 1}', '{"a": 1,}', '']) expect(() => parseJsonText(text)).toThrow(SyntaxError);
});
