/** The public entry: everything that a contract needs, and nothing else. */
export { contract } from './contract/contract.ts';
export type { ContractDefinition } from './contract/define.ts';
export { offRegionCopy } from './procedures/off-region-copy.ts';
export { script } from './procedures/script.ts';
export { veleroSchedule } from './procedures/velero.ts';
export { versioning } from './procedures/versioning.ts';
export { grafanaDashboards } from './systems/kubernetes/acceptance/grafana-dashboards.ts';
export { kubernetesNamespace } from './systems/kubernetes/kind.ts';
export { natsStatefulSet } from './systems/kubernetes/nats-statefulset.ts';

export { jetstream } from './systems/nats/index.ts';
export { bucket } from './systems/s3/bucket.ts';
export { sparing } from './systems/sparing.ts';
