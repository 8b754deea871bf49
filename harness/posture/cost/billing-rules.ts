import type { RegionPrices } from './price-table.ts';

// What S3 bills besides the bytes that are there.

/** S3 bills 2^30 bytes as a GB: https://aws.amazon.com/s3/faqs/#Billing */
export const GB_BYTES = 2n ** 30n;
const KIB = 1_024;
/** INTELLIGENT_TIERING does not monitor smaller ones: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketIntelligentTieringConfiguration.html */
export const MONITORED_BYTES = 128 * KIB;

export interface Billing {
  /** What goes sooner is paid for as if it had stayed so long. */
  readonly minimumDays: number;
  /** What is smaller is paid for as if it were so large. */
  readonly minimumBytes: number;
  /** Metadata of each object in its class. */
  readonly addedBytes: number;
  /** The name of each object in STANDARD. */
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

/** The rules of a class: those of the price table, and those of AWS where it says nothing. */
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
