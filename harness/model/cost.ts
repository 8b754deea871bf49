import { z } from 'zod';
import { DECIMAL } from './decimal.ts';
import { undecidedSchema } from './undecided.ts';

// What something costs a month. Amounts are texts of decimal numbers, so that whoever reads the record adds the same numbers.

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
    .describe('By how much it grows; left out where it does not depend on sizes, or nobody knows.'),
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
