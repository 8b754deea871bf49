/** The public entry: everything that a contract needs, and nothing else. */
export type { DrContractsConfig } from './contract/config.ts';
export { defineConfig } from './contract/config.ts';
export { contract } from './contract/contract.ts';
export type { ContractDefinition } from './contract/define.ts';
export { commands } from './procedures/commands.ts';
export { cronJob } from './procedures/cron-job.ts';
export { script } from './procedures/script.ts';
export { veleroSchedule } from './procedures/velero.ts';
export { versioning } from './procedures/versioning.ts';
export { kubernetesNamespace } from './systems/kubernetes/kind.ts';
export { natsStatefulSet } from './systems/kubernetes/nats-statefulset.ts';
export { jetstream } from './systems/nats/index.ts';
export { bucket } from './systems/s3/bucket.ts';
