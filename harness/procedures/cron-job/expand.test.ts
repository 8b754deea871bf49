import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand } from './expand.ts';
import { rewritePaths } from './rewrite.ts';

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

describe('a path in a mount', () => {
  test.each([
    ['/scripts/backup.sh', '/r/scripts/backup.sh'],
    ['exec /scripts/backup.sh --to=/work', 'exec /r/scripts/backup.sh --to=/r/work'],
    ['cp "/work/a b" /work-2/x', 'cp "/r/work/a b" /work-2/x'],
    ['s3://bucket/work/x', 's3://bucket/work/x'],
    ['http://host/work', 'http://host/work'],
    ['/var/work /workers', '/var/work /workers'],
    ['PATH=/scripts:/work', 'PATH=/r/scripts:/r/work'],
    ['/work/deep/x', '/r/work/deep/x'],
  ])('%s becomes %s', (text, expected) => {
    expect(rewritePaths(text, ['/work', '/scripts', '/work/deep'], '/r')).toBe(expected);
  });

  test('is the only thing that changes in any text', () => {
    const piece = fc.constantFrom('/work', '/work/a', '/worker', 'x/work', ' ', '"', '=', ':', 'a', '\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        const rewritten = rewritePaths(text, ['/work'], '/ROOT');
        expect(rewritten.replaceAll('/ROOT', '')).toBe(text);
        expect(rewritePaths(text, ['/absent'], '/ROOT')).toBe(text);
      }),
    );
  });
});
