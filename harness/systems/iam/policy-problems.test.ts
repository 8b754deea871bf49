import { expect, it } from 'vitest';
import { identityProblems } from './policy-problems.ts';

const allowed = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const problems = (...Statement: object[]) => identityProblems({ Version: '2012-10-17', Statement });

it.each<[string, object]>([
  ['a plain one', allowed],
  ['an empty Sid', { ...allowed, Sid: '' }],
  [
    'operators in any case',
    { ...allowed, Condition: { stringlikeifexists: { a: 'b' }, 'forAnyValue:ArnLike': {}, NULL: {} } },
  ],
  ['resources of every form', { ...allowed, Resource: ['arn:aws:s3:::b/*', '*', 'arn:*:s3:::x'] }],
])('IAM accepts a statement: %s', (_, statement) => {
  expect(problems(statement)).toEqual([]);
});

it.each<[object[], string]>([
  [
    [
      { ...allowed, Sid: 'a' },
      { ...allowed, Sid: 'a' },
    ],
    'the Sid "a" stands more than once',
  ],
  [[{ ...allowed, Sid: 'a b' }], 'Statement[0].Sid: "a b"'],
  [[{ ...allowed, Action: [] }], 'Statement[0].Action: the list is empty'],
  [[allowed, { ...allowed, Resource: [] }], 'Statement[1].Resource: the list is empty'],
  [[{ ...allowed, Resource: 'backups/*' }], 'the resource "backups/*" is neither an ARN nor "*"'],
  [[{ ...allowed, Condition: { StringMatches: { a: 'b' } } }], 'no operator "StringMatches"'],
  [[{ ...allowed, Condition: { NullIfExists: { a: 'b' } } }], 'no operator "NullIfExists"'],
])('IAM refuses %j', (statements, said) => {
  expect(problems(...statements)).toEqual([expect.stringContaining(said)]);
});

it('leaves a document of another form to the library', () => {
  for (const document of [undefined, null, [], 'x', {}, { Statement: 3 }])
    expect(identityProblems(document)).toEqual([]);
});
