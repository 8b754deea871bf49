import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../model/units.ts';
import { figure, saysTheSame, shown } from './sections.ts';

const aDuration = fc.double({ min: 0, max: 1e11, noNaN: true }).map(formatDuration);
const aText = fc.string().filter((text) => !/[\uE000-\uE002\n]/.test(text));

describe('a line with figures', () => {
  it('says the same as one with any other durations', () => {
    fc.assert(
      fc.property(aText, aDuration, aDuration, aText, (before, was, is, after) => {
        expect(saysTheSame(`${before}${figure('duration', was)}${after}`, `${before}${is}${after}`)).toBe(true);
      }),
    );
  });

  it('is shown without marks, and says the same as it shows', () => {
    fc.assert(
      fc.property(aText, fc.nat().map(String), (text, count) => {
        const marked = `${text}${figure('count', count)}${text}`;
        expect(shown(marked)).toBe(`${text}${count}${text}`);
        expect(saysTheSame(marked, shown(marked))).toBe(true);
      }),
    );
  });

  it('says something else when anything around the figures differs', () => {
    fc.assert(
      fc.property(aText, aText, aDuration, (one, other, was) => {
        fc.pre(one !== other);
        expect(saysTheSame(`${one} ${figure('duration', was)}`, `${other} ${was}`)).toBe(false);
      }),
    );
  });

  it.each([
    ['a word for a duration', figure('duration', '2 s'), 'soon'],
    ['a duration without unit', figure('duration', '2 s'), '2'],
    ['a figure left out', `took ${figure('duration', '2 s')}`, 'took '],
    ['another kind of figure', figure('time', '2026-01-01 00:00 UTC'), '2 s'],
  ])('does not take %s', (_, marked, line) => {
    expect(saysTheSame(marked, line)).toBe(false);
  });
});
