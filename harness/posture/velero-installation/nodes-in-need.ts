import { includesNamespace } from '../../manifests/velero-filters.ts';
import type { InstalledSchedule, VeleroInstallation } from '../../systems/kubernetes/posture/velero-installation.ts';

export interface NodeInNeed {
  readonly node: string;
  /** Completes "a node agent, because …". */
  readonly because: string;
  readonly hasReadyAgent: boolean;
}

/**
 * The nodes that need a node agent: none where volumes are not backed up file by file; otherwise those that carry the labels, or
 * without labels each one on which a pod may start, and in any case each one that runs a pod whose volumes are backed up so.
 */
export function nodesInNeed(
  { schedules, nodes, podsWithVolumes }: Pick<VeleroInstallation, 'schedules' | 'nodes' | 'podsWithVolumes'>,
  labels?: Readonly<Record<string, string>>,
): readonly NodeInNeed[] {
  const byFile = schedules.filter(({ usesNodeAgent }) => usesNodeAgent);
  const read = podsWithVolumes.filter(({ namespace, asksForFileBackup }) =>
    (asksForFileBackup ? schedules : byFile).some((schedule) => covers(schedule, namespace)),
  );
  const [first] = byFile;
  if (first === undefined && read.length === 0) return [];
  const uses =
    first === undefined ? 'pods ask for file-system backups' : `Schedule ${first.name} backs up volumes file by file`;
  return nodes.flatMap(({ name, labels: own, takesPods, hasReadyAgent }) => {
    const pod = read.find(({ node }) => node === name);
    if (pod !== undefined) {
      const because = `it runs ${pod.namespace}/${pod.name}, whose volumes are backed up file by file`;
      return [{ node: name, because, hasReadyAgent }];
    }
    const isChosen =
      labels === undefined ? takesPods : Object.entries(labels).every(([key, value]) => own[key] === value);
    return isChosen ? [{ node: name, because: uses, hasReadyAgent }] : [];
  });
}

const covers = ({ includes, excludes }: InstalledSchedule, namespace: string): boolean =>
  includesNamespace({ includedNamespaces: includes, excludedNamespaces: excludes }, namespace);
