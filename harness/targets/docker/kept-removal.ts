import type { JudgeOwner } from '../session.ts';
import { docker, dockerLines, unlessGone } from './docker-command.ts';
import { KEPT_LABEL, keptLock, keptName } from './kept-name.ts';
import { KIND_CLUSTER_LABEL, readOwnerLabel } from './labels.ts';
import type { Resource } from './resources.ts';

/** The kept cluster of this user, as found. It is removed only on request. */
export interface KeptCluster {
  readonly name: string;
  /** False for a network whose cluster is gone. */
  readonly running: boolean;
  /** The session that uses it now, if that session's owner lives. */
  readonly inUseBy: string | undefined;
  readonly removed: boolean;
}

/**
 * Finds the kept cluster. Removes it where `remove` is set and no living session uses it. Recognises it by the label of its network, so
 * that a cluster with merely the same name is left alone.
 */
export async function lookAfterKept(
  resources: readonly Resource[],
  judgeOwner: JudgeOwner,
  remove: boolean,
  signal: AbortSignal,
): Promise<KeptCluster | undefined> {
  const name = keptName();
  const networks = await dockerLines(
    [
      'network',
      'ls',
      '--no-trunc',
      '--filter',
      `name=^${name}$`,
      '--filter',
      `label=${KEPT_LABEL}`,
      '--format',
      '{{.ID}}',
    ],
    signal,
  );
  if (networks.length === 0) return undefined;
  const nodes = await dockerLines(
    [
      ...['ps', '--all', '--no-trunc', '--filter', `label=${KIND_CLUSTER_LABEL}=${name}`],
      ...['--filter', `network=${name}`, '--format', '{{.ID}}\t{{.State}}'],
    ],
    signal,
  );
  const inUseBy = holderOf(resources, judgeOwner);
  const removed = remove && inUseBy === undefined;
  if (removed) {
    for (const node of nodes)
      await unlessGone(docker(['rm', '--force', '--volumes', node.split('\t')[0] ?? ''], signal));
    for (const network of networks) await unlessGone(docker(['network', 'rm', network], signal));
  }
  return { name, running: nodes.some((node) => node.endsWith('\trunning')), inUseBy, removed };
}

function holderOf(resources: readonly Resource[], judgeOwner: JudgeOwner): string | undefined {
  const lock = resources.find(({ kind, name }) => kind === 'volume' && name === keptLock());
  const owner = readOwnerLabel(lock?.owner ?? '');
  return owner !== undefined && judgeOwner(owner).kind !== 'dead' ? owner.id : undefined;
}
