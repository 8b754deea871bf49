import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf, fieldsOf, isJsonObject, type Json, pathOf, sha256, valueAt, withoutPaths } from './objects.ts';

const never = () => false;

test('every leaf has a path that a reader can follow', () => {
  const object = { data: { 'tls.crt': 'x', password: 'y' }, spec: { ports: [{ port: 80 }], tools: [], limits: {} } };
  expect(fieldsOf(object, never)).toEqual({
    'data.password': '"y"',
    'data["tls.crt"]': '"x"',
    'spec.limits': '{}',
    'spec.ports[0].port': '80',
    'spec.tools': '[]',
  });
});

test('a key that looks like an index is not taken for one', () => {
  expect(fieldsOf({ a: { '[0]': 1 } }, never)).not.toEqual(fieldsOf({ a: [1] }, never));
});

test('a secret value is kept as a digest, its name in clear', () => {
  const fields = fieldsOf({ data: { password: 'hunter2' } }, ([first]) => first === 'data');
  expect(fields).toEqual({ 'data.password': `${sha256('hunter2')} (7 bytes)` });
});

test('a long value is kept as a digest', () => {
  const { 'data.page': page } = fieldsOf({ data: { page: 'é'.repeat(400) } }, never);
  expect(page).toMatch(/^sha256:[0-9a-f]{64} \(800 bytes\)$/);
});

test('a change of any one value changes the digest', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ maxLength: 300 }), { minKeys: 1 }), fc.nat(), (data, pick) => {
      const keys = Object.keys(data);
      const key = keys[pick % keys.length] ?? '';
      const changed = { ...data, [key]: `${data[key]}!` };
      const digest = (values: Record<string, string>) => digestOf(fieldsOf({ data: values }, () => true));
      expect(digest(changed)).not.toBe(digest(data));
    }),
  );
});

test('the text of a path stands for that path alone', () => {
  const part = fc.oneof(fc.nat(), fc.string({ minLength: 1 }), fc.constantFrom('tls.crt', 'a"b', 'a\\', '[0]', 'spec'));
  const nested = (path: readonly (string | number)[]): Json =>
    path.reduceRight<Json>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), 'leaf');
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const path = ['root', ...parts.map((each) => (typeof each === 'number' ? 0 : each))];
      const object = nested(path);
      if (!isJsonObject(object)) throw new Error('the root is a name');
      const [text = ''] = Object.keys(fieldsOf(object, never));
      expect(pathOf(text)).toEqual(path);
      expect(valueAt(object, pathOf(text))).toBe('leaf');
      expect(withoutPaths(object, [pathOf(text)])).toBeUndefined();
    }),
  );
});

test('a value without some paths has everything else', () => {
  const object = { spec: { a: 1, b: [{ c: 1, d: 2 }, { c: 3 }], e: {} } };
  const paths = ['spec.b[0].d', 'spec.b[1].c', 'spec.a'].map(pathOf);
  expect(withoutPaths(object, paths)).toEqual({ spec: { b: [{ c: 1 }], e: {} } });
});
