import { createHash } from 'node:crypto';

/** Bucket options of a contract. */
export interface BucketSpec {
  readonly objects: number;
  readonly largestBytes: number;
}

/** Content of one generation of an object. */
export interface PlannedGeneration {
  readonly body: Buffer;
  readonly contentType: string;
  readonly cacheControl?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface PlannedObject {
  readonly name: string;
  /** Oldest first; the last one is live. */
  readonly generations: readonly PlannedGeneration[];
  /** True if it is deleted before any disaster, and must stay deleted. */
  readonly deletedBefore: boolean;
}

/** Names that clients and restore scripts get wrong. */
const AWKWARD_NAMES = [
  'with space.txt',
  'plus+sign',
  'percent%20literal',
  'ünïcödé.txt',
  '日本語/文書',
  'emoji-😀',
  'quote\'and"quote',
  'hash#question?equals=',
  'double//slash',
];
const TYPES = ['application/octet-stream', 'application/json', 'text/plain; charset=utf-8'] as const;
const SMALLEST_BYTES = 64;

/** Number of objects that the probe reads. Nothing changes them between two backups. */
export const SAMPLES = 3;

/** Yields the same plan for the same numbers. */
export function* planObjects(objects: number, largestBytes: number): Generator<PlannedObject, void, undefined> {
  for (let index = 0; index < objects; index += 1) {
    const name = `data/${AWKWARD_NAMES[index - SAMPLES] ?? `object-${String(index).padStart(7, '0')}.bin`}`;
    const count = index % 5 === 3 ? 3 : 1;
    yield {
      name,
      generations: Array.from({ length: count }, (_, generation) => ({
        body: bodyOf(`${name} ${generation}`, sizeOf(index, largestBytes)),
        contentType: TYPES[index % TYPES.length] ?? TYPES[0],
        ...(index % 6 === 1 ? { cacheControl: 'no-cache' } : {}),
        metadata: index % 3 === 0 ? { origin: 'dr contracts', generation: String(generation) } : {},
      })),
      deletedBefore: index % 10 === 7,
    };
  }
}

function sizeOf(index: number, largestBytes: number): number {
  if (index === 0) return largestBytes;
  return index % 10 === 5 ? 0 : Math.min(largestBytes, SMALLEST_BYTES * (1 + (index % 32)));
}

/** Returns bytes that depend only on the label. */
export function bodyOf(label: string, sizeBytes: number): Buffer {
  const block = createHash('sha256').update(label).digest();
  return Buffer.alloc(sizeBytes, block);
}
