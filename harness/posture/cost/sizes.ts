import type { StoredObject, StoredPoint } from '../../systems/s3/stored-points.ts';

/** A lifecycle leaves smaller objects where they are, unless a rule names a size: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const MOVABLE_BYTES = 128 * 1_024;
/** What one CopyObject takes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const COPY_BYTES = 5 * 1_024 ** 3;

/** Objects that live alike, of all recovery points together. */
export interface Tally {
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

export const NOTHING: Tally = { objects: 0, bytes: 0, puts: 0, gets: 0, copies: 0 };

/** @param partBytes in parts of which size the uploader works; what is not larger goes in one request. */
export function sizesOf(points: readonly StoredPoint[], partBytes: number): PointSizes {
  let [movable, small] = [NOTHING, NOTHING];
  for (const { sizeBytes } of points.flatMap(({ objects }) => objects)) {
    if (sizeBytes < MOVABLE_BYTES) small = withObject(small, sizeBytes, partBytes);
    else movable = withObject(movable, sizeBytes, partBytes);
  }
  return { points: points.length, movable, small };
}

function withObject(tally: Tally, sizeBytes: number, partBytes: number): Tally {
  const inParts = (most: number) => (sizeBytes <= most ? 1 : Math.ceil(sizeBytes / most) + 2);
  return {
    objects: tally.objects + 1,
    bytes: tally.bytes + sizeBytes,
    puts: tally.puts + inParts(partBytes),
    gets: tally.gets + 1 + Math.max(1, Math.ceil(sizeBytes / partBytes)),
    copies: tally.copies + inParts(COPY_BYTES),
  };
}

/** Bytes by storage class. */
export function bytesByClass(objects: readonly StoredObject[]): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const { storageClass, sizeBytes } of objects) {
    bytes.set(storageClass, (bytes.get(storageClass) ?? 0) + sizeBytes);
  }
  return bytes;
}
