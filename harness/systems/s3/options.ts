import { z } from 'zod';
import { parsedOptions } from '../../model/options-mistake.ts';
import { parseSizeBytes } from '../../model/units.ts';
import { type HeaderName, headerNames } from './headers.ts';
import { isReserved, LONGEST_NAME_BYTES, notInXml } from './keys.ts';

const LONGEST_KEY_BYTES = 1_024;

/** COMPLIANCE is not offered, because it would make the drill's own bucket impossible to remove before its retention ends. */
const retention = z.strictObject({
  mode: z.literal('GOVERNANCE'),
  days: z.number().int().positive().max(365),
  /** If true, the bucket locks every version by default; otherwise only some objects have a lock. */
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
    /** Number of versions of the keys with the most; one key in five has several. */
    versions: z.number().int().min(2).max(100).default(3),
    /** If true, some keys are written before versioning is switched on: their oldest version has the id "null". */
    nullVersions: z.boolean().default(false),
    /** If true, some objects have a legal hold, which has no end date. */
    legalHold: z.boolean().default(false),
    /** Headers of every second object, by their names in HTTP, e.g. `{ 'content-encoding': 'gzip' }`. */
    headers: z.partialRecord(z.enum(headerNames), z.string().min(1)).default({}),
  })
  .refine((options) => options.versioned || !(options.nullVersions || options.legalHold), {
    path: ['versioned'],
    message: 'must be true for `nullVersions` and `legalHold`',
  })
  .refine((options) => !options.nullVersions || !(options.legalHold || options.retention !== undefined), {
    path: ['nullVersions'],
    message: 'must be false for a bucket with object lock, which has versions from its first object on',
  })
  .refine((options) => options.retention === undefined || options.versioned, {
    path: ['retention'],
    message: 'needs `versioned: true`: S3 locks versions, not objects',
  });

/** Options of a bucket in a contract. Every object counts; `largest` is uploaded in parts when above 5 MiB. */
export type BucketOptions = z.input<typeof schema>;

export interface BucketSpec {
  readonly objects: number;
  readonly prefixes: readonly string[];
  readonly largestBytes: number;
  readonly versioned: boolean;
  /** Number of days for which some of the objects are locked. */
  readonly retentionDays: number | undefined;
  /** True if the bucket's default retention locks every version, including markers and copies. */
  readonly retainsEveryVersion: boolean;
  readonly mostVersions: number;
  readonly nullVersions: boolean;
  readonly legalHold: boolean;
  readonly headers: Readonly<Partial<Record<HeaderName, string>>>;
}

/** Object lock is a property of the bucket from its creation on. */
export const hasObjectLock = ({ retentionDays, legalHold }: BucketSpec): boolean =>
  retentionDays !== undefined || legalHold;

/** @throws {ExplainedError} for a misspelt field or an impossible value. */
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
