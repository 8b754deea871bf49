import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncate, wrapName, wrapWords } from './text.ts';

const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });

describe('wrapping', () => {
  it('loses no word and, where every word fits, no line is too long', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 16, max: 60 }), (all, columns) => {
        const wrapped = wrapWords(all.join(' '), columns, '  ');
        expect(wrapped.split(/\s+/)).toEqual(all);
        for (const line of wrapped.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('keeps a number and its unit together', () => {
    expect(wrapWords('took 2.8 s (84 %)', 8)).toBe('took\n2.8 s\n(84 %)');
  });

  it('breaks a name after its hyphens and nowhere else', () => {
    expect(wrapName('secrets-and-configuration', 13)).toEqual(['secrets-and-', 'configuration']);
    expect(wrapName('secrets-and-configuration', 3)).toEqual(['secrets-', 'and-', 'configuration']);
    fc.assert(
      fc.property(words, fc.nat(30), (all, columns) => {
        expect(wrapName(all.join('-'), columns).join('')).toBe(all.join('-'));
      }),
    );
  });
});

it('a truncated text is one line, never longer than its room', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(40), (text, columns) => {
      const cut = truncate(text, columns, '...');
      expect(cut.length).toBeLessThanOrEqual(columns);
      expect(cut).not.toContain('\n');
    }),
  );
});
