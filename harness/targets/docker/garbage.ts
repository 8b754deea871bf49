import { summaryOf } from '../../model/errors.ts';
import type { Judged } from '../session.ts';
import { type CollectOptions, judgeOwner, type Leftovers, type Swept, sweep } from '../sweep.ts';
import { inspectDaemon } from './daemon.ts';
import { type KeptCluster, lookAfterKept } from './kept-removal.ts';
import { readOwnerLabel } from './labels.ts';
import { findResources, type Resource, removeResources } from './resources.ts';

/** Leftovers of one dead session in the docker daemon, by name. */
export interface DockerLeftovers {
  readonly sessionId: string;
  readonly began: string | undefined;
  readonly clusters: readonly string[];
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

interface DockerGarbage extends Pick<Swept<DockerLeftovers>, 'leftAlone' | 'problems'> {
  readonly docker: readonly DockerLeftovers[];
  /** The cluster that `--keep` left running, if there is one. */
  readonly kept?: KeptCluster;
}

const NOTHING: DockerGarbage = { docker: [], leftAlone: [], problems: [] };
const BUDGET_MS = 60_000;

/**
 * Collects the containers, networks, volumes and kind clusters of sessions whose owner is dead. Judges the owner by the labels, because the
 * session's folder may be gone or elsewhere. Without a daemon there is nothing to collect. Removes the kept cluster only with `kept`.
 */
export async function collectDockerGarbage({ dryRun, kept }: CollectOptions): Promise<DockerGarbage> {
  const signal = AbortSignal.timeout(BUDGET_MS);
  if ('problem' in (await inspectDaemon(signal))) return NOTHING;
  try {
    const resources = await findResources(signal);
    const bySession = Map.groupBy(resources, ({ sessionId }) => sessionId);
    const leftovers = [...bySession].map(([sessionId, those]) => leftoversOf(sessionId, those, signal));
    const { found, leftAlone, problems } = await sweep(leftovers, dryRun);
    const cluster = await lookAfterKept(resources, judgeOwner, kept && !dryRun, signal);
    return { docker: found, leftAlone, problems, ...(cluster === undefined ? {} : { kept: cluster }) };
  } catch (error) {
    return { ...NOTHING, problems: [`docker: ${summaryOf(error)}`] };
  }
}

function leftoversOf(
  sessionId: string,
  resources: readonly Resource[],
  signal: AbortSignal,
): Leftovers<DockerLeftovers> {
  const owner = resources
    .flatMap(({ owner: label }) => readOwnerLabel(label ?? '') ?? [])
    .find(({ id }) => id === sessionId);
  const judged: Judged =
    owner === undefined ? { kind: 'unclear', reason: 'its labels do not say whose it is' } : judgeOwner(owner);
  const names = (kind: Resource['kind']) => resources.filter((each) => each.kind === kind).map(({ name }) => name);
  return {
    judged,
    where: `docker: ${resources.map(({ name }) => name).join(', ')}`,
    name: `docker, session ${sessionId}`,
    describe: () => ({
      sessionId,
      began: owner?.began,
      clusters: names('cluster'),
      containers: names('container'),
      volumes: names('volume'),
      networks: names('network'),
    }),
    remove: async () => await removeResources(resources, signal),
  };
}
