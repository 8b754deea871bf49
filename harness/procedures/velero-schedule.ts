import { stringify } from 'yaml';
import type { ParsedSchedule, VeleroEnvironment } from './velero-options.ts';

/** By this label a disposed asset finds what its drill made in Velero; everything that an asset makes for the whole cluster has it. */
export const DRILL_LABEL = 'dr-contracts.dev/drill';

/** The paused Schedule from which a drill's backups are made. */
export function scheduleObject(
  name: string,
  { cron, timeZone, ttl, allVolumes, clusterScoped, template }: ParsedSchedule,
  environment: VeleroEnvironment,
  drillId: string,
): object {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata: { name, labels: { [DRILL_LABEL]: drillId } },
    spec: {
      // Paused: the drill itself says when; a backup at an arbitrary moment would blur what it measures.
      paused: true,
      schedule: timeZone === 'UTC' ? cron : `CRON_TZ=${timeZone} ${cron}`,
      template: {
        ...template,
        includedNamespaces: [environment.ASSET_NAMESPACE],
        ...(ttl === undefined ? {} : { ttl }),
        ...(allVolumes ? { defaultVolumesToFsBackup: true } : {}),
        ...(clusterScoped.length === 0
          ? {}
          : { includedClusterScopedResources: clusterScoped, resourcePolicy: { kind: 'configmap', name } }),
      },
    },
  };
}

/**
 * Which objects of the whole cluster a drill's backup takes: those of the drill. Without it every drill would back up, and restore,
 * what other drills of the same cluster have (https://velero.io/docs/v1.18/resource-filtering/, fine-grained filters).
 */
export function policyOf(name: string, { clusterScoped }: ParsedSchedule, drillId: string) {
  if (clusterScoped.length === 0) return undefined;
  const labels = { [DRILL_LABEL]: drillId };
  const policy = {
    version: 'v1',
    clusterScopedFilterPolicy: {
      resourceFilters: [{ kinds: clusterScoped, labelSelector: { matchLabels: labels } }],
    },
  };
  return { metadata: { name, labels }, data: { 'policy.yaml': stringify(policy) } };
}
