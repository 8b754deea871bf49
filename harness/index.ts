// The declarations name AsyncDisposable, which a project that compiles for an older library has to be given.
/// <reference lib="esnext.disposable" preserve="true" />
import './node-version.ts';

export { contract } from './contract/contract.ts';
export type { ContractDefinition } from './contract/define.ts';
export type { PostureDefinition } from './contract/define-posture.ts';
export { posture } from './contract/posture.ts';
export { runbookMatches } from './contract/runbook-matches.ts';
export type { GatePolicyDefinition } from './evidence/gate/policy.ts';
export { gatePolicy } from './evidence/gate/policy.ts';
export { comparisonOf } from './model/comparison.ts';
export type { PostureCheck, PostureContext, PostureProject } from './model/posture.ts';
export { secret } from './model/secret-value.ts';
export { bucketSettings } from './posture/checks/bucket-settings.ts';
export { credentialsAccepted, noCredentials, noPlaceholders } from './posture/checks/credentials.ts';
export { serverAccepts } from './posture/checks/manifests.ts';
export { recoveryPoints, veleroBackups } from './posture/checks/recovery-points.ts';
export { retention, veleroRetention } from './posture/checks/retention.ts';
export { cronJobRuns, veleroScheduleRuns } from './posture/checks/schedules.ts';
export { encryptedTransport, writerPolicy } from './posture/checks/writer-policy.ts';
export { commands } from './procedures/commands.ts';
export { cronJob } from './procedures/cron-job.ts';
export { cronJobSchedule } from './procedures/cron-job-schedule.ts';
export { failover } from './procedures/failover.ts';
export { jetstreamReplicas } from './procedures/jetstream-replicas.ts';
export { offRegionCopy } from './procedures/off-region-copy.ts';
export { script } from './procedures/script.ts';
export { veleroSchedule } from './procedures/velero.ts';
export { versioning } from './procedures/versioning.ts';
/** The public entry: everything that a contract needs, and nothing else. */
export type { DrContractsConfig } from './project/config.ts';
export { defineConfig } from './project/config.ts';
export { grafanaDashboards } from './systems/kubernetes/acceptance/grafana-dashboards.ts';
export { kubernetesNamespace } from './systems/kubernetes/kind.ts';
export { natsStatefulSet } from './systems/kubernetes/nats-statefulset.ts';
export { jetstream, mirroredStreams } from './systems/nats/index.ts';
export { bucket } from './systems/s3/kind.ts';
export { sparing } from './systems/sparing.ts';
