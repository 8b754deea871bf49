import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { GetBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { PROTECTION, withProtection } from '../../asset-kit/protection.ts';
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
import { ExplainedError } from '../../model/errors.ts';
import type { Assurance, Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import { counted } from '../../model/text.ts';
import { probedSamples } from './changes.ts';
import { compareBucket } from './compare.ts';
import {
  bucketReads,
  checkAbsence,
  checkSampleGone,
  deleteCurrentObjects,
  freshSecond,
  type Listing,
  overwriteCurrentObjects,
  writeListing,
} from './disaster.ts';
import { type DisasterName, disasters, isDisasterName, OBJECTS_ENCRYPTED } from './disasters.ts';
import { alterContent, clientsAt, removeInTime, seedContent } from './drill-bucket.ts';
import { type Attack, encryptEverything, OLD_VERSIONS } from './encrypt.ts';
import { writeFingerprint } from './fingerprint.ts';
import { versionIdentities } from './identity.ts';
import { objectLane } from './lane.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';
import { createBucket, prepareBucket, refuseUnlessDisposable } from './place.ts';
import { objectProbe, type Sample } from './probe.ts';
import { protectionOf, readProtection } from './protection.ts';
import { type S3Place, s3Store, storeVariables } from './service.ts';

export class OpenBucket implements OpenAsset {
  readonly lanes: readonly MarkerLane[];
  readonly probe: AssetProbe;
  readonly #spec: BucketSpec;
  readonly #options: OpenOptions;
  readonly #disaster: DisasterName | typeof OBJECTS_ENCRYPTED;
  readonly #at: BucketAt;
  /** Repeats no request, so a marker or probe reports what really happened. */
  readonly #onceClient: S3Client;
  readonly #place: S3Place;
  #samples: readonly Sample[] = [];
  #attackBegan: string | undefined;
  #listing: Listing | undefined;
  #restoredListing: Listing | undefined;
  #attack: Attack | undefined;
  #removal: Promise<void> | undefined;
  #isOurs = false;

  static async open(spec: BucketSpec, options: OpenOptions): Promise<OpenBucket> {
    const { disaster, target, step } = options;
    if (!isDisasterName(disaster) && disaster !== OBJECTS_ENCRYPTED) {
      throw new ExplainedError({
        thing: 'bucket()',
        expected: `one of ${disasters.map(({ name }) => name).join(', ')}`,
        observed: `"${disaster}" was requested`,
        nextStep: 'Correct `survives` in the contract.',
      });
    }
    const place = await target.place(s3Store);
    await using undo = new Scope({ what: 'bucket of the drill', clock: step.clock });
    const asset = undo.own('bucket', new OpenBucket(spec, options, disaster, place));
    await createBucket(asset.#at, spec, place.region, step.signal, (isOurs) => {
      asset.#isOurs = isOurs;
    });
    await prepareBucket(asset.#at, spec, target.sessionId, step.signal);
    undo.forget(asset);
    return asset;
  }

  private constructor(
    spec: BucketSpec,
    options: OpenOptions,
    disaster: DisasterName | typeof OBJECTS_ENCRYPTED,
    place: S3Place,
  ) {
    this.#place = place;
    this.#spec = spec;
    this.#options = options;
    this.#disaster = disaster;
    const { client, onceClient } = clientsAt(place);
    this.#at = { client, bucket: `dr-${options.drillId}` };
    this.#onceClient = onceClient;
    const atOnce = { client: onceClient, bucket: this.#at.bucket };
    this.lanes = [objectLane(atOnce)];
    this.probe = objectProbe(atOnce, () => this.#samples);
  }

  /**
   * Once the disaster has struck, `RECOVERY_POINT_TIME` is the second of its first write, as an audit log of the bucket would
   * show it. Every acknowledged marker was stamped before that second, see {@link freshSecond}.
   */
  environment(): Readonly<Record<string, string>> {
    return {
      ...storeVariables(this.#place),
      ASSET_BUCKET: this.#at.bucket,
      ...(this.#attackBegan === undefined ? {} : { RECOVERY_POINT_TIME: this.#attackBegan }),
    };
  }

  readonly meanings = {
    ASSET_BUCKET: 'the bucket to put back',
    AWS_REGION: 'the region of that bucket',
    AWS_ACCESS_KEY_ID: 'credentials that may restore it (or set `AWS_PROFILE` instead)',
  };

  async settings(): Promise<Readonly<Record<string, string>>> {
    const { Status } = await this.#at.client.send(new GetBucketVersioningCommand({ Bucket: this.#at.bucket }), {
      abortSignal: this.#options.step.signal,
    });
    const { retentionDays, retainsEveryVersion } = this.#spec;
    return {
      'bucket versioning': Status ?? 'never enabled',
      'object lock':
        retentionDays === undefined
          ? 'off'
          : `GOVERNANCE, ${counted(retentionDays, 'day')} on ${retainsEveryVersion ? 'every version' : 'some objects'}`,
      'time stamps': 'whole seconds',
    };
  }

  async seed(step: Step): Promise<Seeded> {
    const seeded = await seedContent(this.#at, this.#spec, this.#options.scale, step);
    this.#samples = probedSamples(this.#spec, this.#options.scale);
    return seeded;
  }

  expectedProof(): AssetProof {
    const absence = bucketReads(this.#at.bucket);
    return this.#disaster === OBJECTS_ENCRYPTED ? { absence, assurances: [OLD_VERSIONS] } : { absence };
  }

  async fingerprint(step: Step): Promise<Fingerprint> {
    const path = this.#scratch(step, `fingerprint-${randomUUID()}`);
    const content = await writeFingerprint(this.#at, path, step, 'with history');
    const items = protectionOf(this.#spec).length;
    return { ...content, items: content.items + items, kinds: [...content.kinds, { kind: PROTECTION, items }] };
  }

  async alter(step: Step): Promise<readonly string[]> {
    return await alterContent(this.#at, this.#spec, this.#options.scale, step);
  }

  async compare(expected: Fingerprint, step: Step): Promise<Comparison> {
    const compared = await compareBucket(this.#at, expected, step);
    const settings = await readProtection(this.#at, this.#spec, step.signal);
    return withProtection(compared, `bucket ${this.#at.bucket}`, settings);
  }

  identify(step: Step): Promise<readonly Identity[]> {
    return versionIdentities(this.#at, this.#spec, step.signal);
  }

  async destroy(step: Step, control: DestroyControl): Promise<Destruction> {
    await refuseUnlessDisposable(this.#at, this.#options.target.sessionId, step.signal);
    await control.cutOff();
    this.#attackBegan = await freshSecond(this.#at, step);
    const listing = await writeListing(this.#at, this.#scratch(step, 'before-disaster'), step.signal);
    this.#listing = listing;
    const struck = `users' access taken first, then, from the fresh second ${this.#attackBegan} of the bucket's clock on,`;
    if (this.#disaster === OBJECTS_ENCRYPTED) {
      this.#attack = await encryptEverything(this.#at, listing, this.#attackBegan, step.signal);
      return { exercised: `${struck} ${this.#attack.exercised}` };
    }
    const [verb, strike] =
      this.#disaster === 'objects-deleted'
        ? ['deleted (delete markers; versions kept)', deleteCurrentObjects]
        : ['overwritten with garbage of the same size, without metadata and tags', overwriteCurrentObjects];
    await strike(this.#at, listing, step.signal);
    return { exercised: `${struck} ${listing.objects} current objects ${verb}, markers included` };
  }

  async proveGone(step: Step): Promise<readonly AbsenceCheck[]> {
    if (this.#listing === undefined) {
      return [{ what: `disaster in ${this.#at.bucket}`, gone: false, observed: 'nothing was destroyed' }];
    }
    const { signal } = step;
    const checks = await checkAbsence(this.#at, this.#disaster, this.#listing, signal);
    return [...checks, await checkSampleGone(this.probe, signal)];
  }

  /** The bucket survives. */
  async provision(): Promise<void> {}

  /** Deletes the current objects, as a deletion would; the older versions stay. */
  readonly clearing: Clearing = {
    clear: async (step) => {
      await refuseUnlessDisposable(this.#at, this.#options.target.sessionId, step.signal);
      this.#restoredListing = await writeListing(this.#at, this.#scratch(step, 'before-clearing'), step.signal);
      await deleteCurrentObjects(this.#at, this.#restoredListing, step.signal);
    },
    proveGone: async ({ signal }) => {
      if (this.#restoredListing === undefined) return [];
      const checks = await checkAbsence(this.#at, 'objects-deleted', this.#restoredListing, signal);
      return [...checks, await checkSampleGone(this.probe, signal)];
    },
  };

  async assurances(): Promise<readonly Assurance[]> {
    return this.#attack === undefined ? [] : [this.#attack.assurance];
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      // A bucket that existed before the drill is not ours, whatever its name.
      if (this.#isOurs) await removeInTime(this.#at, this.#spec, this.#options.step.clock);
    } finally {
      this.#at.client.destroy();
      this.#onceClient.destroy();
    }
  }

  #scratch(step: Step, name: string): string {
    return join(step.scratchDir, `s3-${this.#options.drillId}-${name}.jsonl`);
  }
}
