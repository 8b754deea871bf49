import { expect, test } from 'vitest';
import { keptName } from './kept-name.ts';
import { sessionOfCluster } from './labels.ts';

test('there is one kept cluster for each user, or one of a name of their own, and no session has it', () => {
  expect(keptName({})).toMatch(/^dr-kept-\d+$/);
  expect(keptName({ DR_CONTRACTS_KEPT: 'branch-a' })).toBe('dr-kept-branch-a');
  expect(sessionOfCluster(keptName({ DR_CONTRACTS_KEPT: 'a23456789' }))).toBeUndefined();
});

test('a name that docker or kind would read as something else is refused', () => {
  for (const name of ['-x', 'x-', 'A', '$(id)', 'x'.repeat(21)]) {
    expect(() => keptName({ DR_CONTRACTS_KEPT: name })).toThrow(/DR_CONTRACTS_KEPT.*lower-case/);
  }
});
