import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markersIn, type Register, registerIn, textOf, withMarker } from './marker-register.ts';

const bodyOf = (sequence: number) => `body of ${sequence}`;
const bodies = new Map(Array.from({ length: 200 }, (_, index) => [index + 1, bodyOf(index + 1)]));
const registerOf = (sequences: readonly number[]) =>
  sequences.reduce<Register | undefined>((register, each) => withMarker(register, each, bodyOf(each)), undefined);

describe('N13: the register of markers, one object for all of them', () => {
  test('gives back exactly what was written to it, gaps included', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (numbers) => {
        const sequences = numbers.toSorted((a, b) => a - b);
        const register = registerIn(textOf(registerOf(sequences) ?? empty()));
        expect([...markersIn(register ?? empty(), bodies)]).toEqual(
          sequences.map((sequence) => ({ sequence, body: bodyOf(sequence) })),
        );
      }),
    );
  });

  test('does not grow with the number of markers', () => {
    const sizeAfter = (count: number) =>
      textOf(registerOf(Array.from({ length: count }, (_, i) => i + 1)) ?? empty()).length;
    expect(sizeAfter(200) - sizeAfter(10)).toBeLessThan(10);
  });

  test('shows every marker as altered when the proof is not that of what was written', () => {
    const register = { ...(registerOf([1, 2, 3]) ?? empty()), proof: 'spoilt' };
    const read = [...markersIn(register, bodies)];
    expect(read.filter(({ sequence, body }) => body === bodyOf(sequence)).map(({ sequence }) => sequence)).toEqual([3]);
    expect(read).toHaveLength(3);
  });

  test('shows the last marker as it is there', () => {
    const register = { ...(registerOf([1, 2]) ?? empty()), body: 'spoilt' };
    expect([...markersIn(register, bodies)].at(-1)).toEqual({ sequence: 2, body: 'spoilt' });
  });

  test.each(['', 'spoilt', '{"sequence":1}', '[]'])('is not in the text %j', (text) => {
    expect(registerIn(text)).toBeUndefined();
  });
});

function empty(): Register {
  return { sequence: 0, body: '', written: [], proof: '' };
}
