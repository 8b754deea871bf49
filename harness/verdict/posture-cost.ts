import {
  type CostGrowth,
  type CostLine,
  type CostObservation,
  compareDecimals,
  type Decimal,
  decimal,
  decimalText,
  minus,
  plus,
  rounded,
  sumOf,
  times,
} from '../model/cost.ts';
import type { CheckJudgement } from './finding.ts';

/** Number of lines, and of undecided items, that a sentence names. */
const SHOWN = 3;
const CENTS = 2;
/** Share of the budget above which the cost is at risk: four fifths, as for every objective. */
const AT_RISK: Decimal = { units: 8n, places: 1 };

/**
 * Judges a cost estimate. It adds the lines again, because an estimate with inconsistent parts proves nothing. An incomplete estimate can
 * be above the budget, but never within it.
 */
export function judgeCost(observation: CostObservation): CheckJudgement {
  const contradiction = contradictionInCost(observation);
  if (contradiction !== undefined) {
    return {
      verdict: 'unproven',
      found: `the record contradicts itself: ${contradiction}`,
      cause: 'proof-missing',
    };
  }
  const { lines, undecided, budget } = observation;
  const open = undecidedIn(observation);
  if (lines.length === 0) {
    return undecided.length === 0
      ? { verdict: 'unproven', found: 'nothing was counted', cause: 'not-looked-at' }
      : { verdict: 'unproven', found: `nothing was counted${open}`, cause: 'cost-unknown' };
  }
  const total = decimal(observation.total);
  const allowed = decimal(budget.amount);
  const found = `${figuresOf(observation, total, allowed)}${growthIn(observation)}${open}${notCountedIn(observation)}`;
  if (compareDecimals(total, allowed) > 0) return { verdict: 'breached', found, cause: 'cost-above-budget' };
  if (undecided.length > 0) return { verdict: 'unproven', found, cause: 'cost-unknown' };
  if (compareDecimals(total, times(allowed, AT_RISK)) > 0)
    return { verdict: 'at-risk', found, cause: 'within-a-fifth' };
  return { verdict: 'met', found };
}

/** Returns the first inconsistency of an estimate; undefined when there is none. */
function contradictionInCost({ lines, total, budget, prices, growth, at }: CostObservation): string | undefined {
  for (const { item, quantity, unitPrice, perMonth } of lines) {
    const product = times(decimal(quantity), decimal(unitPrice));
    if (compareDecimals(product, decimal(perMonth)) !== 0) {
      return `${item} is said to cost ${perMonth}, but ${quantity} × ${unitPrice} is ${decimalText(product)}`;
    }
  }
  const sum = sumOf(lines.map(({ perMonth }) => decimal(perMonth)));
  if (compareDecimals(sum, decimal(total)) !== 0) {
    return `the total is said to be ${total}, but the lines add up to ${decimalText(sum)}`;
  }
  const unpriced = prices === null ? lines.find(({ unit }) => unit !== 'month') : undefined;
  if (unpriced !== undefined) return `${unpriced.item} has a unit price, but no price table is named`;
  if (prices !== null && prices.currency !== budget.currency) {
    return `the prices are in ${prices.currency}, and the budget is in ${budget.currency}`;
  }
  if (growth === null) {
    const grown = lines.find(({ growsPercentPerMonth }) => growsPercentPerMonth !== undefined);
    return grown === undefined ? undefined : `${grown.item} grows, but the record says that no growth is known`;
  }
  const month = monthAboveBudget(lines, growth.basis, decimal(budget.amount), new Date(at));
  if (month === growth.exceedsIn) return undefined;
  return `the budget is said to be exceeded in ${growth.exceedsIn ?? 'no month'}, but the lines say ${month ?? 'in none'}`;
}

function figuresOf({ lines, budget }: CostObservation, total: Decimal, allowed: Decimal): string {
  const left = minus(allowed, total);
  const isAbove = left.units < 0n;
  const difference = moneyText({ ...left, units: isAbove ? -left.units : left.units });
  const margin = left.units === 0n ? 'all of it' : `${difference} ${budget.currency} ${isAbove ? 'above' : 'below'} it`;
  const biggest = lines
    .toSorted((one, other) => compareDecimals(decimal(other.perMonth), decimal(one.perMonth)))
    .slice(0, SHOWN)
    .map((line) => lineInWords(line, budget.currency));
  const rest = lines.length - biggest.length;
  const others = rest === 0 ? '' : `; and ${rest === 1 ? '1 smaller line' : `${rest} smaller lines`}`;
  return `${moneyText(total)} ${budget.currency} a month of the budget of ${budget.amount} ${budget.currency}, ${margin}: ${biggest.join('; ')}${others}`;
}

const lineInWords = ({ item, perMonth }: CostLine, currency: string): string =>
  `${moneyText(decimal(perMonth))} ${currency} for ${item}`;

function growthIn({ growth }: CostObservation): string {
  if (growth === null) return '';
  if (growth.exceedsIn === null) return `. Growth: ${growth.said}`;
  return `. Growth: ${growth.said}; if it goes on, the budget is exceeded in ${growth.exceedsIn}`;
}

function undecidedIn({ undecided }: CostObservation): string {
  if (undecided.length === 0) return '';
  const told = undecided.slice(0, SHOWN).map(({ item, reason }) => `${item}: ${reason}`);
  const more = undecided.length > SHOWN ? `; and ${undecided.length - SHOWN} more` : '';
  return `. This could not be computed: ${told.join('; ')}${more}`;
}

const notCountedIn = ({ notCounted }: CostObservation): string =>
  notCounted.length === 0 ? '' : ` (not counted: ${notCounted.join('; ')})`;

/** Formats an amount in cents; a smaller amount with its first two non-zero digits. */
function moneyText(amount: Decimal): string {
  const cents = rounded(amount, CENTS);
  if (amount.units === 0n) return '0';
  if (cents.units !== 0n) {
    const text = decimalText(cents);
    return text.includes('.') ? text.padEnd(text.indexOf('.') + 1 + CENTS, '0') : text;
  }
  const leading = amount.places - amount.units.toString().length;
  return decimalText(rounded(amount, leading + 2));
}

/** Ten years. No growth rate is known for longer. */
const MOST_MONTHS = 120;
const ONE: Decimal = { units: 1n, places: 0 };

/**
 * Returns the first month (`2027-03`) whose cost is above the budget if every line keeps growing at its rate. Null when the cost is already
 * above it, or stays below it for ten years. Measured growth adds the same amount every month, declared growth the same percentage.
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
