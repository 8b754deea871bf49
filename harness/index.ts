// The declarations name AsyncDisposable, which a project that compiles for an older library has to be given.
/// <reference lib="esnext.disposable" preserve="true" />
import './node-version.ts';

export { contract, posture } from './contract/contract.ts';
export type { ContractDefinition, PostureDefinition } from './contract/define.ts';
export {
  accessTried,
  bucket,
  bucketReachedFromPod,
  bucketSettings,
  commands,
  costWithin,
  credentialsAccepted,
  credentialsRotated,
  cronJob,
  cronJobRuns,
  cronJobSchedule,
  encryptedTransport,
  failover,
  gcsBucket,
  grafanaDashboards,
  jetstream,
  jetstreamReplicas,
  kubernetesNamespace,
  mirroredStreams,
  natsStatefulSet,
  noCredentials,
  noPlaceholders,
  notRepeated,
  offRegionCopy,
  recoveryPoints,
  retention,
  rotationRehearsed,
  runbookMatches,
  script,
  serverAccepts,
  sparing,
  veleroBackups,
  veleroInstalled,
  veleroRetention,
  veleroSchedule,
  veleroScheduleRuns,
  versioning,
  writerPolicy,
} from './contract/parts.ts';
export type { GatePolicyDefinition } from './evidence/gate/policy.ts';
export { gatePolicy } from './evidence/gate/policy.ts';
export { comparisonOf } from './model/comparison.ts';
export type { PostureCheck, PostureContext, PostureProject } from './model/posture.ts';
export { secret } from './model/secrets.ts';
/** The public entry: everything that a contract needs, and nothing else. */
export type { DrContractsConfig } from './project/config.ts';
export { defineConfig } from './project/config.ts';
export { gcsBackups } from './systems/gcs/backup-store.ts';
export { s3Backups } from './systems/s3/backup-store.ts';
