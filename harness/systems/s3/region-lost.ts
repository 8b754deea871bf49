import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { Scope } from '../../base/scope.ts';
import type {
  AbsenceCheck,
  AssetProbe,
  AssetProof,
  Clearing,
  DestroyControl,
  Destruction,
  Fingerprint,
  Identity,
  MarkerLane,
  OpenAsset,
  OpenOptions,
  Seeded,
} from '../../model/asset.ts';
import { summaryOf } from '../../model/errors.ts';
import type { Comparison } from '../../model/record.ts';
import { performing, type Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { probedSamples } from './changes.ts';
import { statusOf } from './client.ts';
import { compareCurrentView } from './compare.ts';
import { checkSampleGone, lostBucketReads } from './disaster.ts';
import { alterContent, clientsAt, REMOVAL_BUDGET_MS, removeInTime, seedContent } from './drill-bucket.ts';
import { writeFingerprint } from './fingerprint.ts';
import { versionIdentities } from './identity.ts';
import { objectLane } from './lane.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';
import { createBucket, prepareBucket, refuseUnlessDisposable, removeBucket } from './place.ts';
import { objectProbe, type Sample } from './probe.ts';
import { type S3Place, s3Store, storeVariables } from './service.ts';

const NEW_BUCKET = {
  what: 'Make a new bucket in the region of the copy, versioned and with object lock, as the lost one was',
  ifItFails: "Choose another name: the lost bucket's own may not be free for a long time.",
};
const SECOND_REGION = 'us-east-2';

/** A bucket in its region, with a client that repeats requests and one that sends each once. */
interface Regional {
  readonly region: string;
  readonly at: BucketAt;
  readonly atOnce: BucketAt;
}

/**
 * A bucket whose region will be lost. A second, empty bucket exists in another region; the platform itself must copy into it. After the
 * loss users have a third one, made there by the recovery; the copy stays unchanged.
 */
export class RegionLostBucket implements OpenAsset {
  readonly lanes: readonly MarkerLane[];
  readonly probe: AssetProbe;
  readonly #spec: BucketSpec;
  readonly #options: OpenOptions;
  readonly #primary: Regional;
  readonly #copy: Regional;
  readonly #restored: Regional;
  readonly #clients: S3Client[] = [];
  readonly #made = new Set<Regional>();
  #lost = false;
  readonly #place: S3Place;
  #samples: readonly Sample[] = [];
  #removal: Promise<void> | undefined;

  static async open(spec: BucketSpec, options: OpenOptions): Promise<RegionLostBucket> {
    const place = await options.target.place(s3Store);
    await using undo = new Scope({ what: 'buckets of the drill', clock: options.step.clock });
    const asset = undo.own('buckets', new RegionLostBucket(spec, options, place));
    await asset.#make(asset.#primary, options.step.signal);
    await asset.#make(asset.#copy, options.step.signal);
    undo.forget(asset);
    return asset;
  }

  private constructor(spec: BucketSpec, options: OpenOptions, place: S3Place) {
    this.#place = place;
    this.#spec = spec;
    this.#options = options;
    const { region } = place;
    const name = `dr-${options.drillId}`;
    this.#primary = this.#regional(name, region);
    this.#copy = this.#regional(`${name}-copy`, SECOND_REGION);
    this.#restored = this.#regional(`${name}-restored`, SECOND_REGION);
    const [before, after] = [objectLane(this.#primary.atOnce), objectLane(this.#restored.atOnce)];
    this.lanes = [{ ...before, read: (signal) => (this.#lost ? after : before).read(signal) }];
    const [now, then] = [this.#primary, this.#restored].map(({ atOnce }) => objectProbe(atOnce, () => this.#samples));
    const users = () => (this.#lost ? then : now);
    this.probe = {
      read: async (signal) => users()?.read(signal),
      write: async (signal) => users()?.write(signal),
    };
  }

  #regional(bucket: string, region: string): Regional {
    const { client, onceClient } = clientsAt({ ...this.#place, region });
    this.#clients.push(client, onceClient);
    return { region, at: { client, bucket }, atOnce: { client: onceClient, bucket } };
  }

  async #make(bucket: Regional, signal: AbortSignal): Promise<void> {
    await createBucket(bucket.at, this.#spec, bucket.region, signal, (isOurs) => {
      if (isOurs) this.#made.add(bucket);
      else this.#made.delete(bucket);
    });
    // Only the original existed before it had versions.
    const spec = bucket === this.#primary ? this.#spec : { ...this.#spec, nullVersions: false };
    await prepareBucket(bucket.at, spec, this.#options.target.sessionId, signal);
  }

  environment(): Readonly<Record<string, string>> {
    return {
      ...storeVariables(this.#place),
      ASSET_BUCKET: this.#primary.at.bucket,
      ASSET_REGION: this.#primary.region,
      COPY_BUCKET: this.#copy.at.bucket,
      COPY_REGION: this.#copy.region,
      RESTORE_BUCKET: this.#restored.at.bucket,
      RESTORE_REGION: this.#restored.region,
    };
  }

  async settings(): Promise<Readonly<Record<string, string>>> {
    return {
      regions: `${this.#primary.region}, copied to ${this.#copy.region}`,
      'replication by S3': 'none: the platform copies by itself',
    };
  }

  async seed(step: Step): Promise<Seeded> {
    const seeded = await seedContent(this.#primary.at, this.#spec, this.#options.scale, step);
    this.#samples = probedSamples(this.#spec, this.#options.scale);
    return seeded;
  }

  expectedProof(): AssetProof {
    return { absence: lostBucketReads(this.#primary.at.bucket) };
  }

  fingerprint(step: Step): Promise<Fingerprint> {
    const path = join(step.scratchDir, `s3-${this.#options.drillId}-fingerprint-${randomUUID()}.jsonl`);
    return writeFingerprint(this.#primary.at, path, step, 'current only');
  }

  async alter(step: Step): Promise<readonly string[]> {
    return await alterContent(this.#primary.at, this.#spec, this.#options.scale, step);
  }

  identify(step: Step): Promise<readonly Identity[]> {
    return versionIdentities((this.#lost ? this.#restored : this.#primary).at, this.#spec, step.signal);
  }

  async destroy(step: Step, control: DestroyControl): Promise<Destruction> {
    const { at, region } = this.#primary;
    await refuseUnlessDisposable(at, this.#options.target.sessionId, step.signal);
    await control.cutOff();
    // From now on users find nothing; a write in progress may still reach the bucket during its removal.
    this.#lost = true;
    await waitFor(
      {
        for: `bucket ${at.bucket} to be empty and removed`,
        budgetMs: REMOVAL_BUDGET_MS,
        look: async (signal) => {
          try {
            await removeBucket(at, this.#spec, signal);
            return arrived(undefined);
          } catch (error) {
            if (statusOf(error) === 409) return notYet(summaryOf(error));
            throw error;
          }
        },
      },
      step.clock,
      step.signal,
    );
    return {
      exercised: `bucket ${at.bucket} in ${region} removed with every version in it, locked ones too; the copy in ${this.#copy.region} was not touched. The region's other services went on: only its bucket was lost`,
    };
  }

  async proveGone({ signal }: Step): Promise<readonly AbsenceCheck[]> {
    const primary = objectProbe(this.#primary.atOnce, () => this.#samples);
    return [await this.#bucketGone(signal), await checkSampleGone(primary, signal)];
  }

  async #bucketGone(signal: AbortSignal): Promise<AbsenceCheck> {
    const { client, bucket } = this.#primary.at;
    const what = `look for bucket ${bucket}`;
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
      return { what, gone: false, observed: 'it is there' };
    } catch (error) {
      signal.throwIfAborted();
      const gone = statusOf(error) === 404;
      return { what, gone, observed: gone ? 'not found (404)' : summaryOf(error) };
    }
  }

  /** Creates a new bucket in the copy's region; the lost one's name may stay taken for a long time. */
  async provision(step: Step): Promise<void> {
    await performing(step, NEW_BUCKET, () => this.#make(this.#restored, step.signal));
  }

  /** Removes the restored bucket with every version, and makes an empty one in its place. */
  readonly clearing: Clearing = {
    clear: async ({ signal }) => {
      const { at } = this.#restored;
      await refuseUnlessDisposable(at, this.#options.target.sessionId, signal);
      await removeBucket(at, this.#spec, signal);
      await this.#make(this.#restored, signal);
    },
    proveGone: async ({ signal }) => [
      await checkSampleGone(
        objectProbe(this.#restored.atOnce, () => this.#samples),
        signal,
      ),
    ],
  };

  compare(expected: Fingerprint, step: Step): Promise<Comparison> {
    return compareCurrentView((this.#lost ? this.#restored : this.#primary).at, expected, step);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    const { clock } = this.#options.step;
    try {
      const removals = [...this.#made].map(({ at }) => removeInTime(at, this.#spec, clock));
      const outcomes = await Promise.allSettled(removals);
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      if (failures.length > 0) throw new AggregateError(failures, `removing the buckets of ${this.#options.drillId}`);
    } finally {
      for (const client of this.#clients) client.destroy();
    }
  }
}
