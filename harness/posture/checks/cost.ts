import { z } from 'zod';
import { type CostGrowth, type CostObservation, decimal } from '../../model/cost.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { PostureCheck, PostureContext } from '../../model/posture.ts';
import { formatDuration, parseSizeBytes } from '../../model/units.ts';
import { nameSchema, parseOptions, pathSchema, prefixSchema } from '../../posture-kit/check-options.ts';
import { monthAboveBudget } from '../../verdict/posture-cost.ts';
import { CostLines } from '../cost/cost-lines.ts';
import {
  type Money,
  nameOfTable,
  parseGrowthPercent,
  parseMoney,
  readPriceTable,
  requireCurrency,
} from '../cost/price-table.ts';
import { type CopyToCount, countCopy, countPrefix, type PrefixToCount } from '../cost/read-prefix.ts';
import { countVelero, requireCountedOnce } from '../cost/read-velero.ts';
import type { CostReading } from '../cost/reading.ts';
import { layoutOf, layoutOptions } from '../point-series.ts';

const cronJob = z.strictObject({ namespace: nameSchema, name: nameSchema });

const costSchema = z.strictObject({
  /** Name of the check, where a contract has several. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens, e.g. storage-cost')
    .default('cost'),
  /** Maximum cost of a month, such as `20 USD`. */
  budget: z.string(),
  /** Recovery points below a prefix of a bucket, with the CronJob that makes them. */
  prefixes: z
    .array(
      z.strictObject({
        bucket: z.string().min(1),
        prefix: prefixSchema,
        ...layoutOptions,
        madeBy: cronJob,
        /** Size of the uploader's parts, such as `8MiB`, the default of the AWS command line. */
        partSize: z.string().default('8MiB'),
        /** The region, or `internet`, from which each recovery point is read once after its upload, for example to verify it. */
        readBackFrom: z.string().min(1).optional(),
      }),
    )
    .default([]),
  /** Velero Schedules. Their backups are found by the location of each. */
  velero: z.array(nameSchema).default([]),
  /** Copies of those buckets in other buckets, made by a CronJob, or by S3 itself where `madeBy` is absent. */
  copies: z
    .array(z.strictObject({ bucket: z.string().min(1), to: z.string().min(1), madeBy: cronJob.optional() }))
    .default([]),
  /** Fixed amounts per month, such as a standby cluster. */
  items: z.array(z.strictObject({ item: z.string().min(1), perMonth: z.string() })).default([]),
  /** Growth of the sizes, such as `10% per month`; measured if absent. */
  growth: z.string().optional(),
  /** A price table of the platform, by its path relative to the platform's folder. */
  prices: pathSchema.optional(),
});
export type CostOptions = z.input<typeof costSchema>;

const NEVER_COUNTED = [
  'taxes, discounts and free tiers',
  'restores and their retrieval fees, and reads of the bucket by anybody else',
  'objects outside the prefixes that are named',
  'other objects, delete markers and unfinished uploads that are added from now on',
  'changes of size from one day to the next: each future recovery point is assumed to have the mean size of the existing ones',
  'a retention that an uploader sets on single objects',
];

/** The monthly cost of backups, copies and a standby is within the budget. */
export function costWithin(options: CostOptions): PostureCheck {
  const given = parseOptions('costWithin', costSchema, options);
  const thing = `check ${given.name}`;
  const budget = parseMoney(given.budget, `${thing}, budget`);
  requireCountedOnce(given, thing);
  const items = given.items.map(({ item, perMonth }) => itemIn(budget, item, perMonth, thing));
  const declaredGrowth = given.growth === undefined ? undefined : parseGrowthPercent(given.growth, `${thing}, growth`);
  const prefixes = given.prefixes.map((each): PrefixToCount => {
    const what = `s3://${each.bucket}/${each.prefix}`;
    return { ...each, layoutAt: layoutOf(each, what), partBytes: parseSizeBytes(each.partSize, `${what}, partSize`) };
  });
  const isRead = prefixes.length + given.velero.length + given.copies.length > 0;
  if (!isRead && items.length === 0) {
    throw new ExplainedError({
      thing,
      expected: 'something that costs money in `prefixes`, `velero`, `copies` or `items`',
      observed: 'there is nothing',
      nextStep: 'Name at least one.',
      cause: 'contract-mistake',
    });
  }
  const isOnCluster =
    prefixes.length + given.velero.length > 0 || given.copies.some(({ madeBy }) => madeBy !== undefined);
  return {
    name: given.name,
    promise: `The cost of ${namesOf(given)} stays within ${given.budget} a month`,
    needs: isRead
      ? [
          's3',
          ...(isOnCluster ? (['kubernetes'] as const) : []),
          ...(given.velero.length > 0 ? (['velero'] as const) : []),
        ]
      : [],
    condition: 'cost',
    about: [
      ...[...new Set([...given.prefixes, ...given.copies].map(({ bucket }) => bucket))].map(bucketPart),
      ...given.copies.map(({ to }) => bucketPart(to)),
      ...given.velero.map((name) => ({ kind: 'velero-object' as const, name: `Schedule ${name}` })),
    ],
    ...(given.prices === undefined ? {} : { reads: [given.prices] }),
    async observe(context): Promise<CostObservation> {
      const at = new Date(context.step.clock.now().utc);
      const lines = new CostLines();
      const read = isRead
        ? await countStored({ ...given, prefixes, budget, declaredGrowth, thing }, { context, at, lines }).catch(
            (error: unknown) => explained(error, thing),
          )
        : undefined;
      for (const { item, amount } of items) {
        const basis = 'declared in the contract';
        lines.add({ item, amount: 1n, per: 1n, unit: 'month', unitPrice: amount, priced: item, basis });
      }
      return {
        kind: 'cost',
        at: at.toISOString(),
        lines: lines.lines,
        total: lines.total(),
        budget,
        prices: read?.prices ?? null,
        growth: growthIn(lines, read?.growth, budget, at, declaredGrowth),
        undecided: lines.undecided,
        notCounted: [...lines.notCounted, ...(isRead ? NEVER_COUNTED : ['taxes and discounts'])],
      };
    },
  };
}

const bucketPart = (name: string) => ({ kind: 'bucket' as const, name });

interface StoredGiven {
  readonly prefixes: readonly PrefixToCount[];
  readonly velero: readonly string[];
  readonly copies: readonly CopyToCount[];
  readonly prices?: string | undefined;
  readonly budget: Money;
  readonly declaredGrowth: string | undefined;
  readonly thing: string;
}

async function countStored(
  given: StoredGiven,
  { context, at, lines }: { readonly context: PostureContext; readonly at: Date; readonly lines: CostLines },
): Promise<Pick<CostObservation, 'prices'> & Pick<CostReading, 'growth'>> {
  const tableName = nameOfTable(given.prices);
  const table = await readPriceTable(given.prices);
  requireCurrency(table, given.budget.currency, given.thing, tableName);
  const { declaredGrowth } = given;
  const known = { growth: new Map(), ungrown: [], regions: new Set<string>(), buckets: new Map() };
  const places = given.prefixes.map(({ bucket, prefix }) => ({ bucket, prefix }));
  const reading: CostReading = { context, at, table, tableName, lines, declaredGrowth, places, ...known };
  const counted = [];
  // In sequence, so the lines of a record are in the order of the contract.
  for (const prefix of given.prefixes) {
    const planned = await countPrefix(prefix, reading);
    if (planned !== undefined) counted.push(planned);
  }
  counted.push(...(await countVelero(given.velero, reading)));
  for (const copy of given.copies) await countCopy(copy, counted, reading);
  if (reading.ungrown.length > 0) {
    lines.notCounted.add(
      `growth of ${reading.ungrown.join(', ')}: recovery points that lie within a day show no growth`,
    );
  }
  const { source, date, currency } = table;
  const region = [...reading.regions].toSorted().join(', ');
  return { prices: { source, date, currency, region }, growth: reading.growth };
}

/** Reports an answer whose form differs from S3's, in plain words instead of the schema's. */
function explained(error: unknown, thing: string): never {
  if (!(error instanceof z.ZodError)) throw error;
  const field = error.issues[0]?.path.join('.') ?? '';
  throw new ExplainedError({
    thing,
    expected: 'the store to answer as S3 does',
    observed: `its answer has ${field === '' ? 'another form' : `no usable field ${field}`}`,
    nextStep: 'Ask the store for its listing and its lifecycle with the AWS command line, and correct what differs.',
    cause: 'check-failed',
  });
}

function itemIn(budget: Money, item: string, perMonth: string, thing: string) {
  const { amount, currency } = parseMoney(perMonth, `${thing}, ${item}`);
  if (currency === budget.currency) return { item, amount };
  throw new ExplainedError({
    thing: `${thing}, ${item}`,
    expected: `an amount in ${budget.currency}, the currency of the budget`,
    observed: `it is in ${currency}`,
    nextStep: 'Write both in one currency.',
    cause: 'contract-mistake',
  });
}

function growthIn(
  { lines }: CostLines,
  measured: CostReading['growth'] | undefined,
  budget: Money,
  at: Date,
  declared: string | undefined,
): CostGrowth | null {
  if (!lines.some(({ growsPercentPerMonth }) => growsPercentPerMonth !== undefined)) return null;
  const basis = declared === undefined ? 'measured' : 'declared';
  return {
    basis,
    said: declared === undefined ? measuredInWords(measured ?? new Map()) : `${declared} % a month, as declared`,
    exceedsIn: monthAboveBudget(lines, basis, decimal(budget.amount), at),
  };
}

const measuredInWords = (growth: CostReading['growth']): string =>
  [...growth]
    .map(
      ([what, { percentPerMonth, spanMs, points }]) =>
        `${what} by ${percentPerMonth} % a month, measured on ${points} recovery points over ${formatDuration(spanMs)}`,
    )
    .join(', ');

function namesOf({ prefixes, velero, copies, items }: z.output<typeof costSchema>): string {
  const names = [
    prefixes.length + velero.length > 0 ? 'backups' : undefined,
    copies.length > 0 ? 'copies' : undefined,
    ...items.map(({ item }) => item),
  ].filter((name) => name !== undefined);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
