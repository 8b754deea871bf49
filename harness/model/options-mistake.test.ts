import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { optionsMistake } from './options-mistake.ts';

const schema = z.strictObject({
  streams: z.array(z.strictObject({ name: z.string(), messages: z.int() })).default([]),
  kind: z.enum(['a', 'b']).optional(),
  prefix: z.string().regex(/\/$/, 'must be a prefix that ends in "/"').optional(),
  environment: z.record(z.string(), z.string()).optional(),
  notOn: z.partialRecord(z.enum(['local', 'docker']), z.string()).optional(),
  from: z.union([z.strictObject({ file: z.string() }), z.literal('all')]).optional(),
});
const messageFor = (options: unknown) => {
  const { error } = schema.safeParse(options);
  if (error === undefined) throw new Error('it is well formed');
  return optionsMistake({ thing: 'made(…)', schema, options, error }).message;
};

describe('options that are not well formed', () => {
  it.each([
    [
      'missing',
      { streams: [{ name: 'x' }] },
      '`streams.0.messages` to be a number, but there is none. Add `streams.0.messages`.',
    ],
    ['of another kind', { streams: 'x' }, '`streams` to be an array, but it is "x". Correct it in the contract.'],
    ['no such choice', { kind: 'c' }, '`kind` to be one of a, b, but it is "c".'],
    ['in another form', { prefix: 'x' }, '`prefix` to be a prefix that ends in "/", but it is "x".'],
    ['misspelt', { prefx: 'x/' }, 'it has an unknown field "prefx" (did you mean "prefix"?).'],
    [
      'misspelt inside',
      { streams: [{ nam: 'x', name: 'x', messages: 1 }] },
      'the fields name, messages, but it has an unknown field "streams.0.nam" (did you mean "name"?).',
    ],
    [
      'a name that there is not',
      { notOn: { cloud: 'x' } },
      'the fields local, docker, but it has an unknown field "notOn.cloud".',
    ],
    ['deep in an alternative', { from: { file: 1 } }, '`from.file` to be a string, but it is 1.'],
    ['not there at all', undefined, 'the options to be an object, but there is none.'],
  ])('are named with the form that they should have, and what was found: %s', (_, options, message) => {
    expect(messageFor(options)).toContain(message);
  });

  it('show no value that may be secret', () => {
    expect(messageFor({ environment: { PASSWORD: 12_345_678 } })).toMatch(
      /`environment\.PASSWORD` to be a string, but it is a number/,
    );
  });
});
