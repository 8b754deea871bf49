import { summaryOf } from '../../model/errors.ts';
import type { JudgeOwner } from '../session.ts';
import { inspectDaemon } from './daemon.ts';
import { type KeptCluster, lookAfterKept } from './kept-removal.ts';
import { readOwnerLabel } from './labels.ts';
import { findResources, type Resource, removeResources } from './resources.ts';

/** What one dead session left in the docker daemon, by name. */
export interface DockerLeftovers {
  readonly sessionId: string;
  readonly began: string | undefined;
  readonly clusters: readonly string[];
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

export interface DockerGarbage {
  readonly collected: readonly DockerLeftovers[];
  readonly leftAlone: readonly { readonly dir: string; readonly reason: string }[];
  readonly problems: readonly string[];
  /** The cluster that `--keep` left running, if there is one. */
  readonly kept?: KeptCluster;
}

const NOTHING: DockerGarbage = { collected: [], leftAlone: [], problems: [] };
const BUDGET_MS = 60_000;

/**
 * Collects the containers, networks, volumes and kind clusters of sessions whose owner is dead. Whether it is, its labels tell: the
 * session's folder may be gone, or be somewhere else. Where no daemon answers there is nothing to collect. The kept cluster goes
 * only with `kept`.
 */
export async function collectDockerGarbage(
  judgeOwner: JudgeOwner,
  { dryRun, kept = false }: { readonly dryRun: boolean; readonly kept?: boolean },
): Promise<DockerGarbage> {
  const signal = AbortSignal.timeout(BUDGET_MS);
  if ('problem' in (await inspectDaemon(signal))) return NOTHING;
  try {
    const resources = await findResources(signal);
    const collected = await collectFrom(resources, judgeOwner, dryRun, signal);
    const cluster = await lookAfterKept(resources, judgeOwner, kept && !dryRun, signal);
    return cluster === undefined ? collected : { ...collected, kept: cluster };
  } catch (error) {
    return { ...NOTHING, problems: [`docker: ${summaryOf(error)}`] };
  }
}

async function collectFrom(
  resources: readonly Resource[],
  judgeOwner: JudgeOwner,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<DockerGarbage> {
  const collected: DockerLeftovers[] = [];
  const leftAlone: { dir: string; reason: string }[] = [];
  const problems: string[] = [];
  for (const [sessionId, ofSession] of Map.groupBy(resources, (resource) => resource.sessionId)) {
    const owners = ofSession.flatMap(({ owner }) => readOwnerLabel(owner ?? '') ?? []);
    const [owner] = owners.filter(({ id }) => id === sessionId);
    const judged = owner === undefined ? undefined : judgeOwner(owner);
    if (judged?.kind === 'live') continue;
    if (judged?.kind !== 'dead') {
      const reason = judged?.reason ?? 'its labels do not say whose it is';
      leftAlone.push({ dir: `docker: ${ofSession.map(({ name }) => name).join(', ')}`, reason });
      continue;
    }
    const names = (kind: Resource['kind']) =>
      ofSession.filter((resource) => resource.kind === kind).map(({ name }) => name);
    collected.push({
      sessionId,
      began: owner?.began,
      clusters: names('cluster'),
      containers: names('container'),
      volumes: names('volume'),
      networks: names('network'),
    });
    try {
      if (!dryRun) await removeResources(ofSession, signal);
    } catch (error) {
      problems.push(`docker, session ${sessionId}: ${summaryOf(error)}`);
    }
  }
  return { collected, leftAlone, problems };
}
