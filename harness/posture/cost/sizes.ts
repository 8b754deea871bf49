import type { StoredPoint } from '../../systems/s3/stored-points.ts';

/** A lifecycle leaves smaller objects where they are, unless a rule names a size: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const MOVABLE_BYTES = 128 * 1_024;
/** What one CopyObject takes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const COPY_BYTES = 5 * 1_024 ** 3;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. Uploaders double their parts until they are no more. */
const MOST_PARTS = 10_000;

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
export function sizesOf(points: readonly Pick<StoredPoint, 'objects'>[], partBytes: number): PointSizes {
  const sizesBytes = points.flatMap(({ objects }) => objects.map(({ sizeBytes }) => sizeBytes));
  return {
    points: points.length,
    movable: tallyOf(
      sizesBytes.filter((size) => size >= MOVABLE_BYTES),
      partBytes,
    ),
    small: tallyOf(
      sizesBytes.filter((size) => size < MOVABLE_BYTES),
      partBytes,
    ),
  };
}

function tallyOf(sizesBytes: readonly number[], partBytes: number): Tally {
  const inParts = (size: number, most: number) => (size <= most ? 1 : Math.ceil(size / most) + 2);
  const sum = (of: (size: number) => number) => sizesBytes.reduce((all, size) => all + of(size), 0);
  return {
    sizesBytes,
    objects: sizesBytes.length,
    bytes: sum((size) => size),
    puts: sum((size) => inParts(size, enlarged(partBytes, size))),
    gets: sum((size) => 1 + Math.max(1, Math.ceil(size / enlarged(partBytes, size)))),
    copies: sum((size) => inParts(size, COPY_BYTES)),
  };
}

function enlarged(partBytes: number, sizeBytes: number): number {
  let bytes = partBytes;
  while (Math.ceil(sizeBytes / bytes) > MOST_PARTS) bytes *= 2;
  return bytes;
}
