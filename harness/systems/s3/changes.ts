import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { Step } from '../../model/step.ts';
import { freshSecond } from './disaster.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';
import { type PlannedKey, planKeys } from './plan.ts';
import { probeSamples, type Sample } from './probe.ts';
import { attributesOf } from './seed.ts';
import { putGenerated } from './upload.ts';

const SPARE_BYTES = 4 * 1024;
/** Largest object that one request writes. */
const LARGEST_BYTES = 5 * 1024 * 1024;

/** Changes to the content between two backups. */
export interface PlannedChanges {
  readonly added: PlannedKey;
  /** Overwritten with other bytes of the same size; everything else stays the same. */
  readonly overwritten: PlannedKey;
  readonly deleted: PlannedKey;
  /** Keys that the author's own objects do not provide; they are seeded in addition. */
  readonly spares: readonly PlannedKey[];
}

/** Returns the objects that the probe reads throughout the drill; none of them changes between two backups. */
export const probedSamples = (spec: BucketSpec, scale: number): Sample[] => probeSamples(planKeys(spec, scale));

/** Chooses the changes from the author's objects, except those that the probe reads. */
export function planChanges(spec: BucketSpec, scale: number): PlannedChanges {
  const samples = new Set(probedSamples(spec, scale).map(({ key }) => key));
  const found: PlannedKey[] = [];
  for (const planned of planKeys(spec, scale)) {
    if (!samples.has(planned.key) && isHandy(planned)) found.push(planned);
    if (found.length === 2) break;
  }
  const spares = ['overwritten', 'deleted']
    .slice(found.length)
    .map((name) => spare(spec, `between-backups-${name}.bin`));
  const [overwritten, deleted] = [...found, ...spares];
  if (overwritten === undefined || deleted === undefined) throw new Error('nothing was planned to be changed');
  return { added: spare(spec, 'between-backups-added.bin'), overwritten, deleted, spares };
}

/** Yields the author's objects, and additional ones so that there is something to change. */
export function* planWithSpares(spec: BucketSpec, scale: number): Generator<PlannedKey, void, undefined> {
  yield* planKeys(spec, scale);
  // A bucket planned as empty stays empty.
  if (spec.objects > 0) yield* planChanges(spec, scale).spares;
}

function isHandy({ key, revisions, deletedBefore }: PlannedKey): boolean {
  const sizeBytes = revisions.at(-1)?.sizeBytes ?? 0;
  // An object whose key ends in "/" represents a folder, and many tools skip it.
  return !deletedBefore && sizeBytes > 0 && sizeBytes <= LARGEST_BYTES && !key.endsWith('/');
}

function spare({ prefixes: [prefix = ''] }: BucketSpec, name: string): PlannedKey {
  const key = `${prefix}${name}`;
  const revision = {
    label: `${key} revision 0`,
    sizeBytes: SPARE_BYTES,
    contentType: 'application/octet-stream',
    cacheControl: undefined,
    metadata: {},
    tags: {},
    retained: false,
    held: false,
    beforeVersioning: false,
    headers: {},
  };
  return { key, revisions: [revision], deletedBefore: false };
}

/** Makes the changes. @returns one part per change. */
export async function makeChanges(
  at: BucketAt,
  { added, overwritten, deleted }: PlannedChanges,
  retainUntil: Date | undefined,
  step: Step,
): Promise<readonly string[]> {
  const { signal } = step;
  // S3 keeps whole seconds, so `aws s3 sync` treats an object written in the second of a backup as already in the backup.
  await freshSecond(at, step);
  const put = async ({ key, revisions }: PlannedKey, label: string) => {
    const revision = revisions.at(-1);
    if (revision === undefined) throw new Error(`${key} has no revision`);
    await putGenerated(at, { key, label, sizeBytes: revision.sizeBytes }, attributesOf(revision, retainUntil), signal);
    return revision.sizeBytes;
  };
  await put(added, `${added.key} revision 0`);
  const sizeBytes = await put(overwritten, `${overwritten.key} between the backups`);
  await at.client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: deleted.key }), { abortSignal: signal });
  return [
    `object "${added.key}" added`,
    `object "${overwritten.key}" overwritten with other ${sizeBytes} bytes`,
    `object "${deleted.key}" deleted`,
  ];
}
