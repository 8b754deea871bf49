import type { StoredPoint } from '../../systems/s3/stored-points.ts';

/**
 * Smallest object that a lifecycle moves, unless a rule names a size:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
 */
const MOVABLE_BYTES = 128 * 1_024;
/** Maximum size of one CopyObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const COPY_BYTES = 5 * 1_024 ** 3;
/**
 * Maximum number of parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. Uploaders double the part size to stay within
 * it.
 */
const MOST_PARTS = 10_000;

/** Objects with the same life, of all recovery points together. */
export interface Tally {
  /** Size of each object. */
  readonly sizesBytes: readonly number[];
  readonly objects: number;
  readonly bytes: number;
  /** Requests that upload them: one for an object of one part; otherwise one per part, one start and one completion. */
  readonly puts: number;
  /** Requests that read them once: one for the size, and one per part. */
  readonly gets: number;
  /** Requests that copy them within the store. */
  readonly copies: number;
}

/** Contents of a number of recovery points; their mean predicts the next one. */
export interface PointSizes {
  readonly points: number;
  /** Objects that a lifecycle moves into other classes. */
  readonly movable: Tally;
  /** Objects that are too small to be moved. */
  readonly small: Tally;
}

/** @param partBytes size of the uploader's parts; an object no larger than this takes one request. */
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
