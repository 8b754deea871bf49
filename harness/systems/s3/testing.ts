import { s3Client } from '../../clients/s3.ts';
import type { ObservedMarker } from '../../model/asset.ts';
import type { Procedure, ProcedureContext, RestoreReport } from '../../model/procedure.ts';
import type { Target } from '../../model/target.ts';
import { beginSmallDrill, firstLane, type SmallDrill } from '../../testing/small-drill.ts';
import { bucket } from './kind.ts';
import type { BucketAt } from './listing.ts';
import type { BucketOptions } from './options.ts';
import { s3Store } from './service.ts';
import { versioning } from './versioning.ts';

export interface TestDrill extends Omit<SmallDrill, 'markers' | 'readMarkers' | 'context' | 'restore' | 'backUp'> {
  readonly at: BucketAt;
  readonly context: ProcedureContext;
  readonly markers: readonly ObservedMarker[];
  /** Restores from the versions in the bucket. */
  restore(procedure?: Procedure): Promise<RestoreReport>;
  readMarkers(): Promise<ObservedMarker[]>;
}

export const platformProcedure = versioning({ restore: 'fixtures/platform/scripts/buckets/bucket-restore.mjs' });

/** Opens and seeds a bucket, takes its fingerprint, and writes markers before, after and during the disaster. */
export async function beginDrill(target: Target, disaster: string, options: BucketOptions): Promise<TestDrill> {
  const drill = await beginSmallDrill({
    target,
    disaster,
    kind: bucket(options),
    procedure: platformProcedure,
    budgetMs: 120_000,
    goneBudgetMs: 1_000,
    markers: { beforeSeed: 3, beforeBackup: 3, inDisaster: 3 },
  });
  const client = s3Client(await target.place(s3Store), { maxAttempts: 1 });
  return {
    ...drill,
    context: drill.context(),
    markers: firstLane(drill.markers, []),
    at: { client, bucket: `dr-${drill.drillId}` },
    restore: async (procedure = platformProcedure) => drill.restore(await drill.backUp(procedure), procedure),
    readMarkers: async () => firstLane(await drill.readMarkers(), []),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await drill[Symbol.asyncDispose]();
    },
  };
}
