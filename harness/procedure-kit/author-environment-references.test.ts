import { describe, expect, test } from 'vitest';
import { expand } from './author-environment.ts';

describe('a reference $(NAME)', () => {
  const variables = new Map([
    ['HOST', 'db'],
    ['PORT', '5432'],
  ]);

  test.each([
    ['$(HOST):$(PORT)', 'db:5432'],
    ['$(UNKNOWN)', '$(UNKNOWN)'],
    ['$$(HOST)', '$(HOST)'],
    ['$HOST $(HOST', '$HOST $(HOST'],
    ['100$', '100$'],
  ])('%s becomes %s, as in Kubernetes', (text, expected) => {
    expect(expand(text, variables)).toBe(expected);
  });

  test('is replaced once: a value that looks like a reference stays as it is', () => {
    expect(
      expand(
        '$(A)',
        new Map([
          ['A', '$(B)'],
          ['B', 'x'],
        ]),
      ),
    ).toBe('$(B)');
  });
});
