import { systemClock } from '../clock/clock.ts';
import { scratchRoot } from '../process/scratch.ts';
import { collectDockerGarbage, type DockerLeftovers } from './docker/garbage.ts';
import type { KeptCluster } from './docker/kept-removal.ts';
import { type CollectedSession, collectSessionFolders } from './session-folders.ts';
import type { CollectOptions } from './sweep.ts';

export interface GarbageReport {
  readonly scratchRoot: string;
  readonly dryRun: boolean;
  /** Sessions of dead owners; collected, or only found in a dry run. */
  readonly collected: readonly CollectedSession[];
  /** Leftovers of such sessions in the docker daemon; collected, or only found in a dry run. */
  readonly docker: readonly DockerLeftovers[];
  /** The kind cluster that `--keep` left running, if there is one. */
  readonly kept?: KeptCluster;
  /** Ids of sessions whose owner lives; not touched. */
  readonly live: readonly string[];
  /** Folders that were not touched because their owner is unknown, each with the reason. */
  readonly leftAlone: readonly { readonly dir: string; readonly reason: string }[];
  /** Incomplete collections; each message names what could not be removed. */
  readonly problems: readonly string[];
}

/** One collector's contribution to the report. */
type Collection = Pick<GarbageReport, 'leftAlone' | 'problems'> &
  Partial<Pick<GarbageReport, 'collected' | 'docker' | 'kept' | 'live'>>;

/** In this order: a process that is still making containers would otherwise add some after their collection. */
const collectors: readonly ((options: CollectOptions) => Promise<Collection>)[] = [
  collectSessionFolders,
  collectDockerGarbage,
];

/**
 * Collects the leftovers of sessions whose owner died without teardown (`kill -9`, a crash, a reboot): ends their processes, and removes
 * their folders and their objects in the docker daemon. Never touches a session whose owner lives, a process that merely received a dead
 * one's pid, or a folder that it cannot read. Removes the kept cluster only with `kept`. Safe while other processes do the same.
 */
export async function collectGarbage(options: Partial<CollectOptions> = {}): Promise<GarbageReport> {
  const { dryRun = false, kept = false, clock = systemClock } = options;
  const collections: Collection[] = [];
  for (const collect of collectors) collections.push(await collect({ dryRun, kept, clock }));
  const [cluster] = collections.flatMap((collection) => collection.kept ?? []);
  return {
    scratchRoot: scratchRoot(),
    dryRun,
    collected: collections.flatMap(({ collected = [] }) => collected),
    docker: collections.flatMap(({ docker = [] }) => docker),
    ...(cluster === undefined ? {} : { kept: cluster }),
    live: collections.flatMap(({ live = [] }) => live),
    leftAlone: collections.flatMap(({ leftAlone }) => leftAlone),
    problems: collections.flatMap(({ problems }) => problems),
  };
}
