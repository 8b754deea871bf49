import { z } from 'zod';
import { parsedOptions } from '../../model/options-mistake.ts';
import { parseSizeBytes } from '../../model/units.ts';
import { type HeaderName, headerNames } from './headers.ts';
import { isReserved, LONGEST_NAME_BYTES, notInXml } from './keys.ts';

const LONGEST_KEY_BYTES = 1_024;

/** COMPLIANCE is not offered: nobody could remove the drill's own bucket before its retention ends. */
const retention = z.strictObject({
  mode: z.literal('GOVERNANCE'),
  days: z.number().int().positive().max(365),
  /** The bucket locks every version by itself; without it, only some objects carry a lock. */
  everyVersion: z.boolean().default(false),
});

const schema = z
  .strictObject({
    objects: z.number().int().nonnegative(),
    prefixes: z
      .array(
        z
          .string()
          .endsWith('/')
          .refine((prefix) => !isReserved(prefix), 'is reserved for the harness')
          .refine((prefix) => notInXml(prefix) === undefined, {
            error: ({ input }) =>
              `holds the character ${notInXml(String(input))}, which S3 cannot list: its answers are XML`,
          })
          .refine(
            (prefix) => Buffer.byteLength(prefix) <= LONGEST_KEY_BYTES - LONGEST_NAME_BYTES,
            `is longer than ${LONGEST_KEY_BYTES - LONGEST_NAME_BYTES} bytes of UTF-8: with the names of the drill's objects its keys would be longer than the 1,024 bytes that S3 takes`,
          ),
      )
      .min(1)
      .readonly()
      .default(['data/']),
    largest: z.string().default('12MiB'),
    versioned: z.boolean().default(true),
    retention: retention.optional(),
    /** How many versions the keys with the most of them have; one key in five has several. */
    versions: z.number().int().min(2).max(100).default(3),
    /** Some keys were written before versioning was switched on: their oldest version has the id "null". */
    nullVersions: z.boolean().default(false),
    /** Some objects carry a legal hold, which no date ends. */
    legalHold: z.boolean().default(false),
    /** Headers of every second object, by their names in HTTP, e.g. `{ 'content-encoding': 'gzip' }`. */
    headers: z.partialRecord(z.enum(headerNames), z.string().min(1)).default({}),
  })
  .refine((options) => options.versioned || !(options.nullVersions || options.legalHold), {
    path: ['versioned'],
    message: 'true for `nullVersions` and `legalHold`',
  })
  .refine((options) => !options.nullVersions || !(options.legalHold || options.retention !== undefined), {
    path: ['nullVersions'],
    message: 'false for a bucket with object lock, which has had versions from its first object on',
  })
  .refine((options) => options.retention === undefined || options.versioned, {
    path: ['retention'],
    message: 'needs `versioned: true`: S3 locks versions, not objects',
  });

/** What a contract's author writes about a bucket. Every object counts; `largest` is uploaded in parts when above 5 MiB. */
export type BucketOptions = z.input<typeof schema>;

export interface BucketSpec {
  readonly objects: number;
  readonly prefixes: readonly string[];
  readonly largestBytes: number;
  readonly versioned: boolean;
  /** Days for which some of the objects are locked. */
  readonly retentionDays: number | undefined;
  /** The bucket's default retention locks every version, markers and copies included. */
  readonly retainsEveryVersion: boolean;
  readonly mostVersions: number;
  readonly nullVersions: boolean;
  readonly legalHold: boolean;
  readonly headers: Readonly<Partial<Record<HeaderName, string>>>;
}

/** Object lock is a property of the bucket from its making on. */
export const hasObjectLock = ({ retentionDays, legalHold }: BucketSpec): boolean =>
  retentionDays !== undefined || legalHold;

/** @throws {ExplainedError} for a misspelt field or a value that cannot be. */
export function parseBucketOptions(options: unknown): BucketSpec {
  const {
    objects,
    prefixes,
    largest,
    versioned,
    retention: lock,
    ...more
  } = parsedOptions('bucket(…)', schema, options);
  const largestBytes = parseSizeBytes(largest, 'bucket() largest');
  return {
    objects,
    prefixes,
    largestBytes,
    versioned,
    retentionDays: lock?.days,
    retainsEveryVersion: lock?.everyVersion ?? false,
    mostVersions: more.versions,
    nullVersions: more.nullVersions,
    legalHold: more.legalHold,
    headers: more.headers,
  };
}
