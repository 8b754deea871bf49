const HOUR_MS = 3_600_000;

/** How long a standard retrieval takes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html */
const THAW_MS: Readonly<Record<string, number>> = { GLACIER: 5 * HOUR_MS, DEEP_ARCHIVE: 12 * HOUR_MS };

/** How long objects of a storage class take to be readable; undefined for a class from which they are read at once. */
export const thawMsOf = (storageClass: string): number | undefined => THAW_MS[storageClass];
