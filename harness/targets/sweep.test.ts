import { expect, test } from 'vitest';
import type { Judged } from './session.ts';
import { type Leftovers, sweep } from './sweep.ts';

const removed: string[] = [];

const leftovers = (name: string, judged: Judged, failure?: string): Leftovers<string> => ({
  judged,
  where: `place of ${name}`,
  name,
  describe: () => name,
  remove: async () => {
    if (failure !== undefined) throw new Error(failure);
    removed.push(name);
  },
});

const dead = (id: string): Judged => ({ kind: 'dead', id, began: undefined });
const all = () => [
  leftovers('stubborn', dead('a'), 'it is busy'),
  leftovers('living', { kind: 'live', id: 'b' }),
  leftovers('strange', { kind: 'unclear', reason: 'nobody can tell' }),
  leftovers('dead', dead('c')),
];

test('only what a dead owner left is removed, and what resists keeps nothing else from it', async () => {
  removed.length = 0;
  expect(await sweep(all(), false)).toEqual({
    found: ['stubborn', 'dead'],
    live: ['b'],
    leftAlone: [{ dir: 'place of strange', reason: 'nobody can tell' }],
    problems: ['stubborn: it is busy'],
  });
  expect(removed).toEqual(['dead']);
});

test('a dry run finds the same and removes nothing', async () => {
  removed.length = 0;
  expect(await sweep(all(), true)).toMatchObject({ found: ['stubborn', 'dead'], live: ['b'], problems: [] });
  expect(removed).toEqual([]);
});
