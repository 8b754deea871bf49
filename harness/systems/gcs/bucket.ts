import type { Bucket, Storage } from '@google-cloud/storage';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import { compareContent, fingerprintContent } from '../../asset-kit/content.ts';
import { PROTECTION, withProtection } from '../../asset-kit/protection.ts';
import { Scope } from '../../base/scope.ts';
import type { AbsenceCheck, Identity, OpenAsset, OpenOptions, Seeded } from '../../model/asset.ts';
import { ExplainedError, NotProvableHereError, summaryOf } from '../../model/errors.ts';
import { counted } from '../../model/text.ts';
import { bytesOf, CONCURRENCY, gcsClient, request, statusOf } from './client.ts';
import { allGenerations, itemsOf, type Listed, liveObjects, NO_GENERATION, newestGeneration } from './content.ts';
import { type DisasterName, disasters, isDisasterName, REGION_LOST } from './disasters.ts';
import { markerLane, OtherContentError, objectProbe, readSample, type Sample } from './markers.ts';
import { MARK, PROBE_OBJECT } from './names.ts';
import { type BucketSpec, bodyOf, type PlannedGeneration, type PlannedObject, planObjects, SAMPLES } from './plan.ts';
import { type GcsStore, gcsStore } from './service.ts';

const ENABLED = 'enabled';
const NOT_VERIFIED = [
  'holds, retention and soft delete: the server of the drill enforces none of them',
  'IAM: the server of the drill asks for no credentials',
];
/** A backup of objects contains no history. */
const LOST_HISTORY = 'earlier generations: they are lost with the region';
const LOOK_AT_BUCKET = 'look at the bucket';
const READ_OF_SAMPLE = 'read of an object that was there before';

/** Opens a bucket with versions, in the storage that drills share, because Google, too, has one address for all buckets. */
export async function openBucket(spec: BucketSpec, options: OpenOptions): Promise<OpenAsset> {
  const { target, drillId, step } = options;
  const disaster = knownDisaster(options.disaster);
  await using undo = new Scope({ what: 'GCS bucket of the drill', clock: step.clock });
  const place = await target.place(gcsStore);
  const storage = gcsClient(place, { attempts: 3 });
  const name = `dr-${drillId}`;
  undo.defer(`bucket ${name}`, async (signal) => await removeOwn(storage.bucket(name), target.sessionId, signal));
  const bucket = await createBucket(storage, name, target.sessionId, step.signal);
  return assetOf({ spec, options, disaster, place, storage, bucket, scope: undo.handOver() });
}

interface Opened {
  readonly spec: BucketSpec;
  readonly options: OpenOptions;
  readonly disaster: DisasterName;
  readonly place: GcsStore;
  readonly storage: Storage;
  readonly bucket: Bucket;
  readonly scope: Scope;
}

function assetOf({ spec, options, disaster, place, storage, bucket, scope }: Opened): OpenAsset {
  const { target, drillId, scale } = options;
  const plan = () => planObjects(Math.round(spec.objects * scale), spec.largestBytes);
  const once = gcsClient(place, { attempts: 1 }).bucket(bucket.name);
  const samples = samplesOf(plan());
  /** Newest generation for each fingerprint file; the comparison covers generations up to it. */
  const newest = new Map<string, string>();
  let struck: readonly Listed[] = [];
  let cleared: readonly Listed[] = [];

  const losesRegion = disaster === REGION_LOST;
  const notVerified = losesRegion ? [...NOT_VERIFIED, LOST_HISTORY] : NOT_VERIFIED;
  const listing = `listing of all live objects of ${bucket.name}`;
  const readGone = async (before: readonly Listed[], mayBeListed: boolean, signal: AbortSignal) => [
    await listingGone(bucket, listing, before, mayBeListed, signal),
    await sampleGone(bucket, samples, signal),
  ];

  return {
    lanes: [markerLane(once)],
    probe: objectProbe(once, samples, drillId),
    environment: () => ({ GCS_URL: place.endpoint, GCS_PROJECT: place.projectId, ASSET_BUCKET: bucket.name }),
    meanings: {
      ASSET_BUCKET: 'the bucket to put back',
      GCS_URL: 'the JSON API of the storage, without a path',
      GCS_PROJECT: 'the project of that bucket',
    },
    settings: async () => ({
      'object versioning': await versioningOf(bucket, options.step.signal),
      'time stamps': 'generations of microseconds',
    }),

    seed: async (given) => await seedObjects(bucket, plan(), given.signal),
    async fingerprint(given) {
      const limit = losesRegion ? NO_GENERATION : await newestGeneration(bucket, given.signal);
      const found = await fingerprintContent(itemsOf(bucket, limit, given.signal), given);
      newest.set(found.path, limit);
      const protecting = { kind: PROTECTION, items: 1 };
      return { ...found, items: found.items + 1, kinds: [...found.kinds, protecting] };
    },
    async compare(expected, { signal }) {
      const limit = newest.get(expected.path);
      if (limit === undefined) throw new Error(`fingerprint ${expected.path} is of another asset`);
      const content = { ...expected, kinds: expected.kinds.filter(({ kind }) => kind !== PROTECTION) };
      const compared = await compareContent(content, itemsOf(bucket, limit, signal), notVerified);
      const observed = await versioningOf(bucket, signal);
      return withProtection(compared, `bucket ${bucket.name}`, [
        { name: 'object versioning', wanted: ENABLED, observed },
      ]);
    },
    alter: async (given) => await alterObjects(bucket, plan(), given.signal),
    identify: async ({ signal }) => await generationsOf(bucket, samples, signal),

    expectedProof: () => ({ absence: [losesRegion ? LOOK_AT_BUCKET : listing, READ_OF_SAMPLE] }),
    async destroy({ signal }, control) {
      await refuseUnlessDisposable(bucket, target.sessionId, signal);
      await control.cutOff();
      struck = (await liveObjects(bucket, signal)).filter(({ name }) => name !== MARK);
      if (losesRegion) {
        const generations = await removeWhole(bucket, signal);
        return {
          exercised: `users' access taken first, then the bucket removed with all of its ${counted(generations, 'generation')}`,
        };
      }
      const isDeletion = disaster === 'objects-deleted';
      await each(struck, isDeletion ? deleteObject(bucket, signal) : overwriteObject(bucket, signal));
      const verb = isDeletion ? 'deleted (their generations kept)' : 'overwritten with garbage, without metadata';
      return {
        exercised: `users' access taken first, then ${counted(struck.length, 'live object')} ${verb}, markers included`,
      };
    },
    proveGone: async ({ signal }) =>
      losesRegion
        ? await bucketGone(bucket, samples, signal)
        : await readGone(struck, disaster === 'objects-overwritten', signal),
    /** After all other disasters the bucket still exists. */
    async provision({ signal }) {
      if (!losesRegion) return;
      await createBucket(storage, bucket.name, target.sessionId, signal);
    },
    clearing: {
      async clear({ signal }) {
        await refuseUnlessDisposable(bucket, target.sessionId, signal);
        cleared = (await liveObjects(bucket, signal)).filter(({ name }) => name !== MARK);
        await each(cleared, deleteObject(bucket, signal));
      },
      proveGone: async ({ signal }) => await readGone(cleared, false, signal),
    },
    [Symbol.asyncDispose]: async () => await scope[Symbol.asyncDispose](),
  };
}

function knownDisaster(name: string): DisasterName {
  if (isDisasterName(name)) return name;
  throw new ExplainedError({
    thing: 'gcsBucket()',
    expected: `one of ${disasters.map((each) => each.name).join(', ')}`,
    observed: `"${name}" was requested`,
    nextStep: 'Correct `survives` in the contract.',
  });
}

async function createBucket(storage: Storage, name: string, sessionId: string, signal: AbortSignal): Promise<Bucket> {
  const [bucket] = await request(() => storage.createBucket(name, { versioning: { enabled: true } }), signal);
  await request(() => bucket.file(MARK).save(sessionId, { resumable: false }), signal);
  return bucket;
}

/** @throws {ExplainedError} unless the bucket has the mark of this session. */
async function refuseUnlessDisposable(bucket: Bucket, sessionId: string, signal: AbortSignal): Promise<void> {
  const mark = await markOf(bucket, signal);
  if (mark === sessionId) return;
  throw new ExplainedError({
    thing: `bucket ${bucket.name}`,
    expected: `object ${MARK} with session ${sessionId} before anything in it is destroyed`,
    observed: mark === undefined ? 'it carries no mark' : `its mark is of another session (${mark})`,
    nextStep: 'Nothing was destroyed. Find out whose bucket it is.',
  });
}

/** Reads the present setting from the server, because a script may have changed it. */
async function versioningOf(bucket: Bucket, signal: AbortSignal): Promise<string> {
  const [metadata] = await request(() => bucket.getMetadata(), signal);
  return metadata.versioning?.enabled === true ? ENABLED : 'not enabled';
}

/** Removes every generation, then the bucket. @returns the number of generations. */
async function removeWhole(bucket: Bucket, signal: AbortSignal): Promise<number> {
  const all = await allGenerations(bucket, signal);
  await each(all, async ({ name, generation }) => {
    await request(() => bucket.file(name, { generation }).delete({ ignoreNotFound: true }), signal);
  });
  await request(() => bucket.delete(), signal);
  return all.length;
}

/** Removes the bucket at the end of a drill, unless it is gone or belongs to another session. */
async function removeOwn(bucket: Bucket, sessionId: string, signal: AbortSignal): Promise<void> {
  const [there] = await request(() => bucket.exists(), signal);
  if (!there || (await markOf(bucket, signal)) !== sessionId) return;
  try {
    await removeWhole(bucket, signal);
  } catch (error) {
    // An object without a name cannot be deleted by name. The bucket then ends with its server.
    if (!(error instanceof NotProvableHereError)) throw error;
  }
}

async function markOf(bucket: Bucket, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await bytesOf(bucket, MARK, signal)).toString('utf8');
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function seedObjects(bucket: Bucket, plan: Iterable<PlannedObject>, signal: AbortSignal): Promise<Seeded> {
  let written = 0;
  let bytes = 0;
  let generations = 0;
  let deleted = 0;
  await each([...plan], async ({ name, generations: planned, deletedBefore }) => {
    for (const generation of planned) await put(bucket, name, generation, signal);
    if (deletedBefore) await request(() => bucket.file(name).delete(), signal);
    written += 1;
    generations += planned.length;
    deleted += deletedBefore ? 1 : 0;
    bytes += planned.reduce((sum, { body }) => sum + body.length, 0);
  });
  return {
    items: written - deleted,
    bytes,
    parts: [`${counted(written, 'object')} in ${counted(generations, 'generation')}, ${deleted} deleted again`],
  };
}

async function put(bucket: Bucket, name: string, generation: PlannedGeneration, signal: AbortSignal): Promise<void> {
  const { body, contentType, cacheControl, metadata } = generation;
  const headers = { contentType, ...(cacheControl === undefined ? {} : { cacheControl }), metadata: { ...metadata } };
  await request(() => bucket.file(name).save(body, { resumable: false, metadata: headers }), signal);
}

/** Returns the first objects of the plan, which no alteration or deletion before the disaster touches. */
const samplesOf = (plan: Iterable<PlannedObject>): readonly Sample[] =>
  [...Iterator.from(plan).take(SAMPLES)].flatMap(({ name, generations }) => {
    const expected = generations.at(-1);
    return expected === undefined ? [] : [{ name, expected }];
  });

/** Adds an object, overwrites one with the same size, and deletes one. */
async function alterObjects(
  bucket: Bucket,
  plan: Iterable<PlannedObject>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const plain = { contentType: 'application/octet-stream', metadata: {} };
  const added = 'data/between-backups-added.bin';
  await put(bucket, added, { ...plain, body: bodyOf(added, 1_024) }, signal);
  const said = [`object "${added}" added`];
  const usual = [...plan]
    .slice(SAMPLES)
    .filter(({ deletedBefore, generations }) => !deletedBefore && (generations.at(-1)?.body.length ?? 0) > 0);
  const [overwritten, deleted] = usual;
  if (overwritten !== undefined) {
    const sizeBytes = overwritten.generations.at(-1)?.body.length ?? 0;
    await put(
      bucket,
      overwritten.name,
      { ...plain, body: bodyOf(`${overwritten.name} between the backups`, sizeBytes) },
      signal,
    );
    said.push(`object "${overwritten.name}" overwritten with other ${sizeBytes} bytes`);
  }
  if (deleted !== undefined) {
    await request(() => bucket.file(deleted.name).delete({ ignoreNotFound: true }), signal);
    said.push(`object "${deleted.name}" deleted`);
  }
  return said;
}

/** Returns the generations. Each write makes a new one, so a restored object has a different one. */
async function generationsOf(
  bucket: Bucket,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<readonly Identity[]> {
  const known = new Set(samples.map(({ name }) => name));
  const found = (await liveObjects(bucket, signal)).filter(({ name }) => known.has(name));
  return found.map(({ name, generation }) => ({ what: `generation of "${name}"`, value: generation }));
}

const each = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  async function* stream() {
    yield* items;
  }
  await forEachBounded(stream(), CONCURRENCY, work);
};

const deleteObject =
  (bucket: Bucket, signal: AbortSignal) =>
  async ({ name }: Listed): Promise<void> => {
    await request(() => bucket.file(name).delete(), signal);
  };

/** Writes garbage of the same size, so that only the content differs; at least 64 bytes, because an empty object has no other content. */
const overwriteObject =
  (bucket: Bucket, signal: AbortSignal) =>
  async ({ name, generation, size }: Listed): Promise<void> => {
    const body = bodyOf(`garbage over ${name} ${generation}`, Math.max(64, size));
    await request(() => bucket.file(name).save(body, { resumable: false }), signal);
  };

/** Checks every object by listing: after a deletion none may exist, after an overwrite none in its old generation. */
async function listingGone(
  bucket: Bucket,
  what: string,
  before: readonly Listed[],
  mayBeListed: boolean,
  signal: AbortSignal,
): Promise<AbsenceCheck> {
  const old = new Map(before.map(({ name, generation }) => [name, generation]));
  const now = (await liveObjects(bucket, signal)).filter(({ name }) => old.has(name) && !isProbe(name));
  const left = mayBeListed ? now.filter(({ name, generation }) => old.get(name) === generation) : now;
  const example = left[0] === undefined ? '' : `, e.g. "${left[0].name}"`;
  const said = mayBeListed ? 'still in their old generation' : 'listed';
  return {
    what,
    gone: before.length > 0 && left.length === 0,
    observed: `${left.length} of ${counted(before.length, 'object')} ${said}${example}`,
  };
}

/** The probe keeps writing its object throughout the drill. */
const isProbe = (name: string): boolean => name === PROBE_OBJECT;

/** Checks that a removed bucket is gone: neither it nor a sample of its objects is found. */
async function bucketGone(
  bucket: Bucket,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<readonly AbsenceCheck[]> {
  const [there] = await request(() => bucket.exists(), signal);
  const look = { what: LOOK_AT_BUCKET, gone: !there, observed: there ? 'it is there' : 'it does not exist' };
  return [look, await sampleGone(bucket, samples, signal)];
}

/** Only "not found" and other content prove that a sample is gone; a failed read proves nothing. */
async function sampleGone(bucket: Bucket, [sample]: readonly Sample[], signal: AbortSignal): Promise<AbsenceCheck> {
  const what = READ_OF_SAMPLE;
  if (sample === undefined) return { what, gone: false, observed: 'there is no sample' };
  try {
    await readSample(bucket, sample, signal);
    return { what, gone: false, observed: 'it was read, and its content was as seeded' };
  } catch (error) {
    signal.throwIfAborted();
    return { what, gone: statusOf(error) === 404 || error instanceof OtherContentError, observed: summaryOf(error) };
  }
}
