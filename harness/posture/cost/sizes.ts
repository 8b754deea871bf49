import type { StoredObject, StoredPoint } from '../../systems/s3/stored-points.ts';

/** A lifecycle leaves smaller objects where they are, unless a rule names a size: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const MOVABLE_BYTES = 128 * 1_024;
/** What one CopyObject takes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const COPY_BYTES = 5 * 1_024 ** 3;

/** Objects that live alike, of all recovery points together. */
export interface Tally {
  /** Of each object. */
  readonly sizesBytes: readonly number[];
  readonly objects: number;
  readonly bytes: number;
  /** Requests that upload them: one each, or one for each part, one that begins and one that ends. */
  readonly puts: number;
  /** Requests that read them once: one that asks for the size, and one for each part. */
  readonly gets: number;
  /** Requests that copy them on the side of the store. */
  readonly copies: number;
}

/** What so many recovery points hold together; the mean of them is what the next one is taken to hold. */
export interface PointSizes {
  readonly points: number;
  /** Those that a lifecycle moves into other classes. */
  readonly movable: Tally;
  /** Those that are too small for it. */
  readonly small: Tally;
}

/** @param partBytes in parts of which size the uploader works; what is not larger goes in one request. */
export function sizesOf(points: readonly StoredPoint[], partBytes: number): PointSizes {
  const all = points.flatMap(({ objects }) => objects.map(({ sizeBytes }) => sizeBytes));
  const movable = all.filter((sizeBytes) => !isSmall(sizeBytes));
  return {
    points: points.length,
    movable: tallyOf(movable, partBytes),
    small: tallyOf(all.filter(isSmall), partBytes),
  };
}

const isSmall = (sizeBytes: number): boolean => sizeBytes < MOVABLE_BYTES;

function tallyOf(sizesBytes: readonly number[], partBytes: number): Tally {
  const sum = (of: (sizeBytes: number) => number) => sizesBytes.reduce((total, sizeBytes) => total + of(sizeBytes), 0);
  const inParts = (sizeBytes: number, most: number) => (sizeBytes <= most ? 1 : Math.ceil(sizeBytes / most) + 2);
  return {
    sizesBytes,
    objects: sizesBytes.length,
    bytes: sum((sizeBytes) => sizeBytes),
    puts: sum((sizeBytes) => inParts(sizeBytes, partBytes)),
    gets: sum((sizeBytes) => 1 + Math.max(1, Math.ceil(sizeBytes / partBytes))),
    copies: sum((sizeBytes) => inParts(sizeBytes, COPY_BYTES)),
  };
}

/** What the bill counts for objects in a class: each of them with at least the least size of the class, and what the class adds to each. */
export function billedBytes(
  sizesBytes: readonly number[],
  {
    minimumBytes = 0,
    addedBytes = 0,
  }: { readonly minimumBytes?: number | undefined; readonly addedBytes?: number | undefined } = {},
): number {
  return sizesBytes.reduce((sum, sizeBytes) => sum + Math.max(sizeBytes, minimumBytes) + addedBytes, 0);
}

/** The sizes of objects by storage class. */
export function sizesByClass(objects: readonly StoredObject[]): ReadonlyMap<string, readonly number[]> {
  const byClass = Map.groupBy(objects, ({ storageClass }) => storageClass);
  return new Map([...byClass].map(([name, those]) => [name, those.map(({ sizeBytes }) => sizeBytes)]));
}
