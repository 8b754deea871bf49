import { DRILL_LABEL } from '../kubernetes/access.ts';
import type { ListedType } from './inventory.ts';
import type { ParsedSchedule, VeleroEnvironment } from './options.ts';
import { policyFiltersIn } from './policy-filters.ts';
import { type DrillScope, drillPolicy, drillTemplate } from './template.ts';

/** What the cluster has: its types, and those of the whole cluster of which the asset has objects. */
export interface ClusterTypes {
  readonly types: readonly ListedType[];
  readonly needed: readonly ListedType[];
}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly data: Record<string, string>;
}

/** A drill's Schedule, and what goes with it. */
export interface DrillSchedule {
  readonly object: object;
  /** The resource policy that the Schedule names. */
  readonly policy: ConfigMap | undefined;
  /** Names of types of the whole cluster that its backups take. */
  readonly ofCluster: readonly string[];
}

/** The paused Schedule from which a drill's backups are made. */
export function drillSchedule(
  name: string,
  schedule: ParsedSchedule,
  environment: Pick<VeleroEnvironment, 'ASSET_NAMESPACE'>,
  drillId: string,
  cluster: ClusterTypes = { types: [], needed: [] },
): DrillSchedule {
  const { cron, timeZone, ttl, allVolumes, clusterScoped, writtenBy } = schedule;
  const scope = scopeOf(schedule, environment, drillId);
  const made = drillTemplate(schedule.template, scope, { ...cluster, policy: policyFiltersIn(schedule.policy) });
  const ofCluster = [...new Set([...made.ofCluster, ...clusterScoped])];
  const policy = drillPolicy(schedule.policy, ofCluster, scope);
  const object = {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata: { name, labels: { ...scope.labels } },
    spec: {
      // Paused: the drill itself says when; a backup at an arbitrary moment would blur what it measures.
      paused: true,
      schedule: timeZone === 'UTC' ? cron : `CRON_TZ=${timeZone} ${cron}`,
      template: {
        ...made.template,
        ...(writtenBy.storageLocation === undefined ? {} : { storageLocation: writtenBy.storageLocation }),
        ...(ttl === undefined ? {} : { ttl }),
        ...(allVolumes ? { defaultVolumesToFsBackup: true } : {}),
        ...(ofCluster.length === 0 ? {} : { includedClusterScopedResources: ofCluster }),
        ...(policy === undefined ? {} : { resourcePolicy: { kind: 'configmap', name } }),
      },
    },
  };
  return {
    object,
    policy: policy === undefined ? undefined : configMap(name, drillId, { 'policy.yaml': policy }),
    ofCluster,
  };
}

/** A ConfigMap of the drill's, beside Velero. */
export const configMap = (name: string, drillId: string, data: Record<string, string>): ConfigMap => ({
  metadata: { name, labels: { [DRILL_LABEL]: drillId } },
  data,
});

export const scopeOf = (
  { production }: Pick<ParsedSchedule, 'production'>,
  { ASSET_NAMESPACE }: Pick<VeleroEnvironment, 'ASSET_NAMESPACE'>,
  drillId: string,
): DrillScope => ({ production, namespace: ASSET_NAMESPACE, labels: { [DRILL_LABEL]: drillId } });
