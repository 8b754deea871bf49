import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareDecimals, type Decimal, decimal, decimalText, minus, plus, quotient, rounded, times } from './cost.ts';

const aDecimal = fc
  .record({ units: fc.bigInt({ min: 0n, max: 10n ** 20n }), places: fc.nat({ max: 15 }) })
  .map((value): Decimal => value);

it('a decimal that is written is read as the same one', () => {
  fc.assert(
    fc.property(aDecimal, (value) => {
      expect(compareDecimals(decimal(decimalText(value)), value)).toBe(0);
    }),
  );
  expect(decimalText(decimal('0020.500'))).toBe('20.5');
  expect(decimalText(decimal('100'))).toBe('100');
  expect(decimalText(minus(decimal('1'), decimal('1.25')))).toBe('-0.25');
});

it('sums do not drift', () => {
  const tenth = decimal('0.1');
  expect(decimalText(Array.from({ length: 1_000 }, () => tenth).reduce(plus))).toBe('100');
  expect(decimalText(times(decimal('1.1'), decimal('1.1')))).toBe('1.21');
});

it('sum and product agree with those of whole numbers', () => {
  fc.assert(
    fc.property(aDecimal, aDecimal, (one, other) => {
      const whole = ({ units, places }: Decimal) => units * 10n ** BigInt(15 - places);
      expect(whole({ ...plus(one, other) }) - whole(one) - whole(other)).toBe(0n);
      const product = times(one, other);
      expect(product.units * 10n ** BigInt(30 - product.places)).toBe(whole(one) * whole(other));
    }),
  );
});

it('a quotient is rounded half up', () => {
  expect(decimalText(quotient(1n, 3n, 4))).toBe('0.3333');
  expect(decimalText(quotient(2n, 3n, 4))).toBe('0.6667');
  expect(decimalText(quotient(1n, 8n, 2))).toBe('0.13');
  expect(decimalText(rounded(decimal('19.995'), 2))).toBe('20');
  expect(decimalText(rounded(minus(decimal('0'), decimal('1.005')), 2))).toBe('-1.01');
});

it.each(['', '-1', '1e3', '1.', '.5', '1,5', ' 1'])('"%s" is no decimal number', (text) => {
  expect(() => decimal(text)).toThrow(RangeError);
});
