import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { decimal, decimalText } from '../../model/cost.ts';
import { ExplainedError } from '../../model/errors.ts';
import { parsedOptions } from '../../model/options-mistake.ts';
import { readDocument } from '../../posture-kit/check-options.ts';

/** Twelve places are enough for the price of one request, and a JSON number holds as many. */
const PLACES = 12;
const IS_PRICE = 'must be a price that is not negative, such as 0.023';

const price = z
  .union([z.number(), z.string().regex(/^-?\d{1,12}(\.\d{1,20})?$/, IS_PRICE)], { error: IS_PRICE })
  .refine((value) => Number(value) >= 0 && Number(value) < 1e12, { error: IS_PRICE })
  .transform((value) => decimalText(decimal(typeof value === 'number' ? value.toFixed(PLACES) : value)));

const regionSchema = z.strictObject({
  /** By storage class. */
  storage: z.record(
    z.string(),
    z.strictObject({
      /** Per 2^30 bytes. */
      perGbMonth: price,
      /** Minimum billed storage time; AWS's rule if absent. */
      minimumDays: z.number().int().nonnegative().optional(),
      /** Minimum billed size; AWS's rule if absent. */
      minimumBytes: z.number().int().nonnegative().optional(),
      /** Bytes added to each object in this class, and in STANDARD; AWS's rules if absent. */
      addedBytes: z.number().int().nonnegative().optional(),
      addedBytesInStandard: z.number().int().nonnegative().optional(),
      /** Per GB that is read or copied; required for every class but STANDARD and INTELLIGENT_TIERING. */
      retrievalPerGb: price.optional(),
      /** Per thousand objects of 128 KiB or more; required for INTELLIGENT_TIERING. */
      monitoringPerThousandObjects: price.optional(),
    }),
  ),
  /** By the storage class of the object. `put` also covers COPY, POST and LIST; `get` also covers HEAD. */
  requestsPerThousand: z.record(z.string(), z.strictObject({ put: price, get: price })),
  /** Moves by a lifecycle, by the destination class. */
  transitionsPerThousand: z.record(z.string(), price).default({}),
  /** Transfer out of the region, by destination: another region, or `internet`. */
  transferPerGb: z.record(z.string(), price).default({}),
});

const tableSchema = z.strictObject({
  date: z.iso.date('must be the day on which the prices were read, such as 2027-01-31'),
  source: z.string().min(1),
  /** Note for readers of the prices. */
  note: z.string().optional(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be the three letters of a currency, such as USD'),
  regions: z.record(z.string(), regionSchema).refine((regions) => Object.keys(regions).length > 0, {
    error: 'must hold the prices of a region, such as us-west-2',
  }),
});

export type PriceTable = z.output<typeof tableSchema>;
export type RegionPrices = z.output<typeof regionSchema>;

/** Returns the name of the table in messages. */
export const nameOfTable = (path: string | undefined): string =>
  path === undefined ? 'the price table of dr-contracts' : `price table ${path}`;

/**
 * Reads the table that the contract names, or the one of this package.
 * @throws {ExplainedError} when it cannot be read, or is not well formed.
 */
export async function readPriceTable(path: string | undefined): Promise<PriceTable> {
  const table: unknown =
    path === undefined
      ? JSON.parse(await readFile(new URL('./aws-s3-prices.json', import.meta.url), 'utf8'))
      : await readDocument(path).catch(mistake);
  return parsePriceTable(table, nameOfTable(path));
}

/** @throws {ExplainedError} naming the first field that is wrong. */
function parsePriceTable(table: unknown, thing: string): PriceTable {
  try {
    return parsedOptions(thing, tableSchema, table, 'Correct the price table.');
  } catch (error) {
    return mistake(error);
  }
}

/** Throws one message, without the cause, which would only repeat it. */
function mistake(error: unknown): never {
  if (!(error instanceof ExplainedError)) throw error;
  throw new ExplainedError({ ...error.explanation, cause: 'contract-mistake' });
}

/**
 * Returns the prices of the bucket's region.
 * @throws {ExplainedError} when the table has none.
 */
export function pricesOfRegion(table: PriceTable, region: string, bucket: string, thing: string): RegionPrices {
  const found = Object.hasOwn(table.regions, region) ? table.regions[region] : undefined;
  if (found !== undefined) return found;
  throw new ExplainedError({
    thing,
    expected: `prices of region ${region}, in which bucket ${bucket} lies`,
    observed: `it has those of ${Object.keys(table.regions).join(' and ')}`,
    nextStep: `Add ${region} to \`regions\` of a price table of your own, and name it in \`prices\`.`,
    cause: 'contract-mistake',
  });
}

/** @throws {ExplainedError} when the budget is in another currency than the prices. */
export function requireCurrency(table: PriceTable, currency: string, check: string, thing: string): void {
  if (table.currency === currency) return;
  throw new ExplainedError({
    thing: check,
    expected: `a budget in ${table.currency}, the currency of ${thing}`,
    observed: `it is in ${currency}`,
    nextStep: `Write the budget in ${table.currency}, or name a price table in ${currency} in \`prices\`.`,
    cause: 'contract-mistake',
  });
}

// S3's billing rules besides the stored bytes.

/** S3 bills 2^30 bytes as a GB: https://aws.amazon.com/s3/faqs/#Billing */
export const GB_BYTES = 2n ** 30n;
const KIB = 1_024;
/**
 * Smallest object that INTELLIGENT_TIERING monitors:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketIntelligentTieringConfiguration.html
 */
export const MONITORED_BYTES = 128 * KIB;

interface Billing {
  /** Minimum billed storage time. */
  readonly minimumDays: number;
  /** Minimum billed size. */
  readonly minimumBytes: number;
  /** Metadata bytes per object in its class. */
  readonly addedBytes: number;
  /** Bytes of each object's name in STANDARD. */
  readonly addedBytesInStandard: number;
}

const NOTHING: Billing = { minimumDays: 0, minimumBytes: 0, addedBytes: 0, addedBytesInStandard: 0 };
const INFREQUENT: Billing = { ...NOTHING, minimumDays: 30, minimumBytes: 128 * KIB };
const ARCHIVE: Billing = { ...NOTHING, minimumDays: 90, addedBytes: 32 * KIB, addedBytesInStandard: 8 * KIB };

/**
 * By class: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html#sc-compare has the durations and the sizes,
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html the 32 KB and 8 KB of each
 * archived object.
 */
const BY_AWS: ReadonlyMap<string, Billing> = new Map([
  ['STANDARD_IA', INFREQUENT],
  ['ONEZONE_IA', INFREQUENT],
  ['GLACIER_IR', { ...INFREQUENT, minimumDays: 90 }],
  ['GLACIER', ARCHIVE],
  ['DEEP_ARCHIVE', { ...ARCHIVE, minimumDays: 180 }],
]);

/** Returns the rules of a class: the price table's, or AWS's where the table is silent. */
export function billingOf({ storage }: RegionPrices, storageClass: string): Billing {
  const aws = BY_AWS.get(storageClass) ?? NOTHING;
  const own = storage[storageClass];
  return {
    minimumDays: own?.minimumDays ?? aws.minimumDays,
    minimumBytes: own?.minimumBytes ?? aws.minimumBytes,
    addedBytes: own?.addedBytes ?? aws.addedBytes,
    addedBytesInStandard: own?.addedBytesInStandard ?? aws.addedBytesInStandard,
  };
}

export const billedBytes = (sizeBytes: number, { minimumBytes, addedBytes }: Billing): number =>
  Math.max(sizeBytes, minimumBytes) + addedBytes;

export interface Money {
  /** A decimal number. */
  readonly amount: string;
  /** Three letters, as in ISO 4217. */
  readonly currency: string;
}

/**
 * Parses an amount such as `20 USD` or `0.50 EUR`.
 * @throws {ExplainedError} when the text is no such amount.
 */
export function parseMoney(text: string, thing: string): Money {
  const [, amount, currency] = /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Z]{3})$/.exec(text) ?? [];
  if (amount !== undefined && currency !== undefined) return { amount: decimalText(decimal(amount)), currency };
  throw new ExplainedError({
    thing,
    expected: 'an amount and a currency, such as 20 USD',
    observed: `found "${text}"`,
    nextStep: 'Write a number that is not negative, and the three letters of a currency behind it.',
    cause: 'contract-mistake',
  });
}

/**
 * Parses a rate such as `10% per month`, in percent.
 * @throws {ExplainedError} when the text is no such rate.
 */
export function parseGrowthPercent(text: string, thing: string): string {
  const [, percent] = /^(\d{1,4}(?:\.\d{1,4})?) ?% (?:per|a) month$/.exec(text) ?? [];
  if (percent !== undefined) return decimalText(decimal(percent));
  throw new ExplainedError({
    thing,
    expected: 'a rate such as 10% per month',
    observed: `found "${text}"`,
    nextStep: 'Write a number that is not negative, and "% per month" behind it.',
    cause: 'contract-mistake',
  });
}
