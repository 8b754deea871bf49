import { rm } from 'node:fs/promises';
import { Slot, uniqueLabel } from '../base/slot.ts';
import type { Clock } from '../clock/clock.ts';
import type { PodNodes } from '../systems/kubernetes/service.ts';
import type { S3Place } from '../systems/s3/service.ts';
import { backupPrefix } from './backup-bucket.ts';
import { VELERO_NAMESPACE } from './local/velero.ts';
import type { Session } from './session.ts';
import type { SharedPlaces } from './shared-places.ts';
import type { OwnPlaces } from './target-runtime.ts';

interface RunningCluster extends AsyncDisposable {
  readonly kubeconfigPath: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Options of a cluster's start. */
interface ClusterStart<Cluster> {
  readonly label: string;
  /** The S3 that Velero backs up to; undefined for a cluster without Velero. */
  readonly s3: Promise<S3Place> | undefined;
  readonly prefix: string;
  /** A second place for Velero's backups. */
  readonly gcs?: SharedPlaces['velero-gcs'] | undefined;
  /** The lost cluster that the new one replaces. */
  readonly again?: Cluster;
}

/** A runtime's operations on clusters. */
export interface Clusters<Cluster extends RunningCluster> {
  /** Noun for one in a sentence, e.g. `Kubernetes API`. */
  readonly thing: string;
  readonly session: Session;
  readonly clock: Clock;
  start(options: ClusterStart<Cluster>, signal: AbortSignal): Promise<Cluster>;
  isAlive(cluster: Cluster): Promise<boolean>;
  /** Kills all its processes and removes its storage. Returns exactly what was done. */
  lose(cluster: Cluster): Promise<string>;
  /** Restarts its Velero, where there is one. Ready when it has read its bucket. */
  restartVelero(cluster: Cluster, signal: AbortSignal): Promise<void>;
  nodesOf(cluster: Cluster, dir: string): PodNodes;
}

/** A cluster of a single drill with its own Velero. It can be lost whole and replaced by an empty one. */
export const ownCluster =
  <Cluster extends RunningCluster>(clusters: Clusters<Cluster>): OwnPlaces['kubernetes'] =>
  async (label, s3, signal, givenPrefix, gcs) => {
    const { session, clock } = clusters;
    const name = uniqueLabel(label);
    const prefix = givenPrefix ?? backupPrefix(session.id, name);
    const slot = await Slot.open(
      `dedicated ${clusters.thing} ${name}`,
      () => clusters.start({ label: name, s3, prefix, gcs }, signal),
      clock,
    );
    const { first } = slot;
    const dir = session.folder('kubernetes', name);
    return {
      kubeconfigPath: first.kubeconfigPath,
      veleroNamespace: VELERO_NAMESPACE,
      backupPrefix: prefix,
      settings: first.settings,
      nodes: clusters.nodesOf(first, dir),
      isAlive: async () => slot.current !== undefined && (await clusters.isAlive(slot.current)),
      lose: () => slot.lose((cluster) => clusters.lose(cluster)),
      replace: (replacing) =>
        slot.replace(() => clusters.start({ label: name, s3, prefix, gcs, again: first }, replacing)),
      readBucketAgain: async (reading) => {
        if (slot.current !== undefined) await clusters.restartVelero(slot.current, reading);
      },
      [Symbol.asyncDispose]: async () => {
        await slot[Symbol.asyncDispose]();
        await rm(dir, { recursive: true, force: true });
      },
    };
  };
