import type { CostGrowth, CostLine } from '../model/cost.ts';
import { compareDecimals, type Decimal, decimal, plus, sumOf, times } from '../model/decimal.ts';

/** Ten years: nobody knows a rate for longer. */
const MOST_MONTHS = 120;
const ONE: Decimal = { units: 1n, places: 0 };

/**
 * The first month (`2027-03`) whose cost is above the budget if every line goes on growing at its rate; null when it is above it
 * already, or stays below it for ten years. Measured growth adds the same amount every month, declared growth the same percentage.
 */
export function monthAboveBudget(
  lines: readonly CostLine[],
  basis: CostGrowth['basis'],
  budget: Decimal,
  at: Date,
): string | null {
  const flat = sumOf(lines.filter(({ growsPercentPerMonth }) => growsPercentPerMonth === undefined).map(amountOf));
  let growing = lines.flatMap((line) => {
    if (line.growsPercentPerMonth === undefined) return [];
    const rate = hundredthOf(decimal(line.growsPercentPerMonth));
    const perMonth = amountOf(line);
    return [{ rate, perMonth, step: times(perMonth, rate) }];
  });
  if (growing.length === 0) return null;
  const isAbove = () => compareDecimals(plus(flat, sumOf(growing.map(({ perMonth }) => perMonth))), budget) > 0;
  if (isAbove()) return null;
  for (let month = 1; month <= MOST_MONTHS; month += 1) {
    growing = growing.map((line) => ({
      ...line,
      perMonth: basis === 'measured' ? plus(line.perMonth, line.step) : times(line.perMonth, plus(ONE, line.rate)),
    }));
    if (isAbove()) return monthLater(at, month);
  }
  return null;
}

const amountOf = ({ perMonth }: CostLine): Decimal => decimal(perMonth);

const hundredthOf = ({ units, places }: Decimal): Decimal => ({ units, places: places + 2 });

const monthLater = (at: Date, months: number): string =>
  new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1)).toISOString().slice(0, 7);
