import { z } from 'zod';
import { undecidedSchema } from './causes.ts';

// Exact decimal arithmetic for money. Amounts are sums of many small products, and a JavaScript number would drift.

/** `units` × 10^-`places`. */
export interface Decimal {
  readonly units: bigint;
  readonly places: number;
}

/** A non-negative decimal number, as records and price tables write it. */
const DECIMAL = /^\d{1,30}(\.\d{1,60})?$/;

const ZERO: Decimal = { units: 0n, places: 0 };

/** @throws {RangeError} for a text that is not a decimal number, such as `1e3` or `-1`. */
export function decimal(text: string): Decimal {
  if (!DECIMAL.test(text)) throw new RangeError(`"${text}" is not a decimal number`);
  const [whole = '', fraction = ''] = text.split('.');
  return { units: BigInt(whole + fraction), places: fraction.length };
}

/** Formats a decimal without trailing zeros: `0.25`, `20`. */
export function decimalText({ units, places }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? '-' : ''}${whole}${places === 0 || fraction === '' ? '' : `.${fraction}`}`;
}

export function plus(one: Decimal, other: Decimal): Decimal {
  const places = Math.max(one.places, other.places);
  return { units: scaled(one, places) + scaled(other, places), places };
}

export const minus = (one: Decimal, other: Decimal): Decimal => plus(one, { ...other, units: -other.units });

export const times = (one: Decimal, other: Decimal): Decimal => ({
  units: one.units * other.units,
  places: one.places + other.places,
});

export const sumOf = (all: readonly Decimal[]): Decimal => all.reduce(plus, ZERO);

/** Compares two decimals for sorting: negative, zero or positive. */
export function compareDecimals(one: Decimal, other: Decimal): number {
  const { units } = minus(one, other);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

/** Returns a non-negative quotient, rounded half up to this number of places. */
export function quotient(numerator: bigint, denominator: bigint, places: number): Decimal {
  const scaledUp = numerator * 10n ** BigInt(places);
  return { units: (2n * scaledUp + denominator) / (2n * denominator), places };
}

/** Rounds half up to this number of places. Returns the value unchanged when it has no more places. */
export function rounded(value: Decimal, places: number): Decimal {
  if (value.places <= places) return value;
  const isNegative = value.units < 0n;
  const { units } = quotient(isNegative ? -value.units : value.units, 10n ** BigInt(value.places), places);
  return { units: isNegative ? -units : units, places };
}

const scaled = ({ units, places }: Decimal, to: number): bigint => units * 10n ** BigInt(to - places);

// Monthly cost. Amounts are decimal numbers as text, which gives every reader of the record the same sum.

const amount = z.string().regex(DECIMAL, 'must be a decimal number such as 0.023');

const costLineSchema = z.object({
  item: z.string().describe('What is paid for, e.g. "s3://backups/nats/daily/: storage in STANDARD".'),
  quantity: amount.describe('So many of the unit, in a month.'),
  unit: z.string().describe('What one price is for: "GB-month" (2^30 bytes), "1,000 requests", "GB", "month".'),
  unitPrice: amount,
  perMonth: amount.describe('Exactly quantity × unitPrice.'),
  basis: z.string().describe('Where the quantity comes from.'),
  growsPercentPerMonth: amount
    .optional()
    .describe('By how much it grows; left out if it does not depend on sizes, or is unknown.'),
});
export type CostLine = z.infer<typeof costLineSchema>;

const growthSchema = z.object({
  basis: z
    .enum(['measured', 'declared'])
    .describe('Measured growth goes on by the same amount each month, declared growth by the same percentage.'),
  said: z.string().describe('The rate and where it comes from.'),
  exceedsIn: z
    .string()
    .regex(/^\d{4}-\d{2}$/)
    .nullable()
    .describe('The first month whose cost is above the budget; null when none of the next ten years is.'),
});
export type CostGrowth = z.infer<typeof growthSchema>;

export const costSchema = z.object({
  kind: z.literal('cost'),
  at: z.iso.datetime(),
  lines: z.array(costLineSchema),
  total: amount.describe('The sum of the lines.'),
  budget: z.object({ amount, currency: z.string() }),
  prices: z
    .object({
      source: z.string().describe('Where the prices were read.'),
      date: z.string().describe('When they were read.'),
      currency: z.string(),
      region: z.string().describe('The regions whose prices were used.'),
    })
    .nullable()
    .describe('The price table; null where every line is declared.'),
  growth: growthSchema.nullable().describe('Null when no rate is known.'),
  undecided: z
    .array(undecidedSchema)
    .describe('What is paid for and could not be computed: while there is any, the check is not met.'),
  notCounted: z.array(z.string()).describe('What the estimate leaves out.'),
});
export type CostObservation = z.infer<typeof costSchema>;
