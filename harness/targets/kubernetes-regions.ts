import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Scope } from '../base/scope.ts';
import { uniqueLabel } from '../base/slot.ts';
import type { Clock } from '../clock/clock.ts';
import {
  type KubernetesPlace,
  type KubernetesRegionsPlace,
  type LosableKubernetes,
  noNodes,
  type RegionStore,
} from '../systems/kubernetes/service.ts';
import type { S3Place } from '../systems/s3/service.ts';
import { RegionBucket } from './region-bucket.ts';
import { PRIMARY_REGION, STANDBY_REGION } from './region-config.ts';
import type { Session } from './session.ts';

/** A control plane with a Velero of its own. */
export interface VeleroCluster extends LosableKubernetes {
  /** Restarts Velero, because it reads its bucket at its start and then once a minute. Ready when it has read it. */
  readBucketAgain(signal: AbortSignal): Promise<void>;
}

/** Starts a control plane with Velero on the bucket of the given S3, below `prefix`. */
type StartRegion = (label: string, s3: S3Place, prefix: string) => Promise<VeleroCluster>;

export interface KubernetesRegionsOptions {
  readonly s3: S3Place;
  readonly session: Session;
  readonly clock: Clock;
  readonly start: StartRegion;
}

interface StartedRegion {
  readonly cluster: VeleroCluster;
  readonly bucket: RegionBucket;
  readonly store: RegionStore;
}

/**
 * Starts two control planes of a single drill, each with its own Velero and its own bucket in its AWS region. Nothing copies the backups of
 * one region to the other: the platform does that. The kubeconfig points at the active region.
 */
export async function startKubernetesRegions(
  label: string,
  options: KubernetesRegionsOptions,
  signal: AbortSignal,
): Promise<KubernetesRegionsPlace> {
  const pair = uniqueLabel(label);
  await using undo = new Scope({ what: `pair of regions ${pair}`, clock: options.clock });
  const { session } = options;
  const dir = session.folder('kubernetes-regions', pair);
  undo.defer(`folder of ${pair}`, () => rm(dir, { recursive: true, force: true }));
  // The same in both buckets: a copy of the objects with unchanged names is all that the other region needs.
  const prefix = `velero/${session.id}-${pair}`;
  const starting = [PRIMARY_REGION, STANDBY_REGION].map((region) =>
    startRegion(pair, region, prefix, options, undo, signal),
  );
  // Both settle before anything is undone, so that neither continues to start after the other's failure.
  await Promise.allSettled(starting);
  const [primary, standby] = await Promise.all(starting);
  if (primary === undefined || standby === undefined) throw new Error('a pair of regions has two');
  const kubeconfigPath = join(dir, 'kubeconfig');
  await lead(kubeconfigPath, primary.cluster);
  let inCharge = primary.cluster;
  const running = undo.handOver();
  const disposing = new AbortController();
  const { veleroNamespace, settings } = primary.cluster;
  return {
    kubeconfigPath,
    veleroNamespace,
    backupPrefix: prefix,
    settings: { ...settings, regions: `${PRIMARY_REGION} and ${STANDBY_REGION}, a control plane and a bucket each` },
    regions: {
      primary: primary.store,
      standby: standby.store,
      isPrimaryThere: (lookSignal) => primary.bucket.isThere(lookSignal),
    },
    isAlive: async () => await inCharge.isAlive(),
    lose: () => lose(primary, standby, disposing.signal),
    replace: async () => {
      await lead(kubeconfigPath, standby.cluster);
      inCharge = standby.cluster;
    },
    nodes: {
      loadImage: async (reference, loadSignal, loading) =>
        await inCharge.nodes.loadImage(reference, loadSignal, loading),
      // Each region has ports of its own; the region that takes over cannot use those of the other.
      exposePort: noNodes.exposePort,
    },
    [Symbol.asyncDispose]: async () => {
      disposing.abort(new Error(`pair of regions ${pair} is being disposed`));
      await running[Symbol.asyncDispose]();
    },
  };
}

async function startRegion(
  pair: string,
  region: typeof PRIMARY_REGION | typeof STANDBY_REGION,
  prefix: string,
  { s3, start }: KubernetesRegionsOptions,
  undo: Scope,
  signal: AbortSignal,
): Promise<StartedRegion> {
  const bucketName = `kgents-velero-${pair}-${region}`;
  const bucket = await undo.open(`bucket ${bucketName}`, () => RegionBucket.make(bucketName, region, s3, signal));
  const place = { ...s3, region, backupBucket: bucketName };
  const cluster = await undo.open(`control plane of ${region}`, () => start(`${region}-${pair}`, place, prefix));
  return { cluster, bucket, store: { region, bucket: bucketName } };
}

/**
 * Loses the primary region. Meanwhile the standby region's Velero reads its bucket, so that a drill need not wait for its next read.
 * Production's wait is not hidden: the procedure states it, and it is added to RTA.
 */
async function lose(primary: StartedRegion, standby: StartedRegion, signal: AbortSignal): Promise<string> {
  const work = [loseRegion(primary), standby.cluster.readBucketAgain(signal)] as const;
  // Both settle before a failure is reported, so that neither continues after the other's failure.
  await Promise.allSettled(work);
  const [exercised] = await Promise.all(work);
  return `${exercised}. In the other region, only Velero was restarted, so that it read its bucket`;
}

async function loseRegion({ cluster, bucket, store }: StartedRegion): Promise<string> {
  const exercised = await cluster.lose();
  await bucket[Symbol.asyncDispose]();
  return `control plane of region ${store.region}: ${exercised}; its bucket ${store.bucket} removed with every version in it`;
}

/** Points the kubeconfig at a region in one step, so that a reader never sees half a file. */
async function lead(kubeconfigPath: string, to: KubernetesPlace): Promise<void> {
  await copyFile(to.kubeconfigPath, `${kubeconfigPath}.new`);
  await rename(`${kubeconfigPath}.new`, kubeconfigPath);
}
