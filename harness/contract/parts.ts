// The parts of a contract for the public entry: a mistake in their options stops the contract that uses them, and no other.

import { bucketReachedFromPod as makeBucketReachedFromPod } from '../posture/checks/bucket-from-pod.ts';
import { costWithin as makeCostWithin } from '../posture/checks/cost.ts';
import {
  credentialsAccepted as makeCredentialsAccepted,
  noCredentials as makeNoCredentials,
  noPlaceholders as makeNoPlaceholders,
} from '../posture/checks/credentials.ts';
import { notRepeated as makeNotRepeated } from '../posture/checks/not-repeated.ts';
import {
  recoveryPoints as makeRecoveryPoints,
  veleroBackups as makeVeleroBackups,
} from '../posture/checks/recovery-points.ts';
import { retention as makeRetention, veleroRetention as makeVeleroRetention } from '../posture/checks/retention.ts';
import {
  credentialsRotated as makeCredentialsRotated,
  rotationRehearsed as makeRotationRehearsed,
} from '../posture/checks/rotation.ts';
import {
  cronJobRuns as makeCronJobRuns,
  veleroScheduleRuns as makeVeleroScheduleRuns,
} from '../posture/checks/schedules.ts';
import { commands as makeCommands } from '../procedures/commands.ts';
import { cronJob as makeCronJob } from '../procedures/cron-job.ts';
import { cronJobSchedule as makeCronJobSchedule } from '../procedures/cron-job-schedule.ts';
import { failover as makeFailover } from '../procedures/failover.ts';
import { script as makeScript } from '../procedures/script.ts';
import { gcsBucket as makeGcsBucket } from '../systems/gcs/kind.ts';
import { accessTried as makeAccessTried } from '../systems/iam/posture/access-tried.ts';
import {
  encryptedTransport as makeEncryptedTransport,
  writerPolicy as makeWriterPolicy,
} from '../systems/iam/posture/writer-policy.ts';
import { grafanaDashboards as makeGrafanaDashboards } from '../systems/kubernetes/acceptance/grafana-dashboards.ts';
import { kubernetesNamespace as makeKubernetesNamespace } from '../systems/kubernetes/kind.ts';
import { natsStatefulSet as makeNatsStatefulSet } from '../systems/kubernetes/nats-statefulset.ts';
import { serverAccepts as makeServerAccepts } from '../systems/kubernetes/posture/server-accepts.ts';
import { jetstream as makeJetstream } from '../systems/nats/jetstream.ts';
import { jetstreamReplicas as makeJetstreamReplicas } from '../systems/nats/jetstream-replicas.ts';
import { mirroredStreams as makeMirroredStreams } from '../systems/nats/mirrored.ts';
import { bucket as makeBucket } from '../systems/s3/kind.ts';
import { offRegionCopy as makeOffRegionCopy } from '../systems/s3/off-region-copy.ts';
import { bucketSettings as makeBucketSettings } from '../systems/s3/posture/bucket-settings.ts';
import { versioning as makeVersioning } from '../systems/s3/versioning.ts';
import { sparing as makeSparing } from '../systems/sparing.ts';
import { veleroInstalled as makeVeleroInstalled } from '../systems/velero/posture/velero-installed.ts';
import { veleroSchedule as makeVeleroSchedule } from '../systems/velero/procedure.ts';
import { stopsOneContract } from './collect.ts';
import { runbookMatches as makeRunbookMatches } from './runbook-matches.ts';

/** The runbook agrees with every contract, and its restore steps are those of the last passing drill. */
export const runbookMatches = stopsOneContract(makeRunbookMatches);

/** The live bucket has the settings that its operators declared. */
export const bucketSettings = stopsOneContract(makeBucketSettings);

/** The monthly cost of backups, their copies and a standby is within the budget. */
export const costWithin = stopsOneContract(makeCostWithin);

/** A pod of the cluster that has only a Secret lists, writes and reads the bucket below a prefix. Halts the roll-out as `access`. */
export const bucketReachedFromPod = stopsOneContract(makeBucketReachedFromPod);

/** The credentials in a live Secret exist, are filled in, and S3 accepts them for a listing of the writer's own prefix. */
export const credentialsAccepted = stopsOneContract(makeCredentialsAccepted);

/** No file of those folders contains a credential. */
export const noCredentials = stopsOneContract(makeNoCredentials);

/** No live object of those namespaces still contains a `REPLACE_WITH_*`. */
export const noPlaceholders = stopsOneContract(makeNoPlaceholders);

/** Nothing fails repeatedly: no promise in the runs of the ledger, no posture check for days, no job in its last firings. */
export const notRepeated = stopsOneContract(makeNotRepeated);

/** The real API accepts every object of the manifests, in a server-side dry run with unknown fields refused. */
export const serverAccepts = stopsOneContract(makeServerAccepts);

/** Recovery points that a job writes into the live bucket, one folder each, are fresh, prompt and without gaps. */
export const recoveryPoints = stopsOneContract(makeRecoveryPoints);

/** Backups of a Velero Schedule are complete, by Velero's own objects and by the bucket's real content. */
export const veleroBackups = stopsOneContract(makeVeleroBackups);

/** Velero is installed and works: version, plugins, location, node agents, Schedules, last backup. Halts the roll-out as `installation`. */
export const veleroInstalled = stopsOneContract(makeVeleroInstalled);

/** The live bucket's lifecycle keeps enough recovery points of a prefix, and permanently removes expired ones. */
export const retention = stopsOneContract(makeRetention);

/** The ttl of a live Velero Schedule keeps enough backups, and the bucket's lifecycle does not remove them before Velero does. */
export const veleroRetention = stopsOneContract(makeVeleroRetention);

/** A live CronJob exists, is not suspended, and runs often enough for its RPO. */
export const cronJobRuns = stopsOneContract(makeCronJobRuns);

/** A live Velero Schedule exists, is not paused, is accepted, has a usable storage location, and runs often enough for its RPO. */
export const veleroScheduleRuns = stopsOneContract(makeVeleroScheduleRuns);

/** The live bucket's own policy refuses every unencrypted or unsigned request, and nothing else. */
export const encryptedTransport = stopsOneContract(makeEncryptedTransport);

/** The policy of a writer allows the necessary actions below its prefix, and nothing else. */
export const writerPolicy = stopsOneContract(makeWriterPolicy);

/** Users and roles can do what they need and nothing else: tested on a service that enforces policies, where the target has one. */
export const accessTried = stopsOneContract(makeAccessTried);

/** Every key that IAM still accepts is younger than the rotation policy allows. */
export const credentialsRotated = stopsOneContract(makeCredentialsRotated);

/** The rotation of a writer's key, rehearsed on a service that enforces credentials, while backups and restores continue. */
export const rotationRehearsed = stopsOneContract(makeRotationRehearsed);

/** A procedure of two commands, run from the platform's folder with the variables of `script({ … })`, also in their arguments. */
export const commands = stopsOneContract(makeCommands);

/** An unchanged CronJob of existing manifests. */
export const cronJob = stopsOneContract(makeCronJob);

/** Schedule of a CronJob of existing manifests. */
export const cronJobSchedule = stopsOneContract(makeCronJobSchedule);

/** A standby that mirrors the asset, and the platform's own scripts that switch over to it and back. */
export const failover = stopsOneContract(makeFailover);

/** Protection by JetStream's own replicas. */
export const jetstreamReplicas = stopsOneContract(makeJetstreamReplicas);

/** Protection by a copy in another region, made by an executable of the platform on a schedule. */
export const offRegionCopy = stopsOneContract(makeOffRegionCopy);

/** A procedure of two executables of the platform, run as processes with the environment of its CronJob. */
export const script = stopsOneContract(makeScript);

/** Backups by a Velero Schedule of the asset's namespace, with the custom resource definitions that its objects need, and restores by `velero restore create`, into another namespace where the asset says so. */
export const veleroSchedule = stopsOneContract(makeVeleroSchedule);

/** Protection by the bucket's own versions. */
export const versioning = stopsOneContract(makeVersioning);

/** Grafana as the user of ConfigMaps with dashboards. */
export const grafanaDashboards = stopsOneContract(makeGrafanaDashboards);

/**
 * A Kubernetes namespace with its configuration, Secrets and custom resources; where the target has nodes, also with its volumes and a
 * service that runs in it.
 */
export const kubernetesNamespace = stopsOneContract(makeKubernetesNamespace);

/** A NATS server as operators run it in Kubernetes, for `jetstream({ …, server })`. */
export const natsStatefulSet = stopsOneContract(makeNatsStatefulSet);

/** Streams, key-value buckets and object stores of NATS JetStream as an asset. */
export const jetstream = stopsOneContract(makeJetstream);

/** Streams and key-value buckets in a primary region, mirrored to a standby region; users reach them by a DNS name. */
export const mirroredStreams = stopsOneContract(makeMirroredStreams);

/** An S3 bucket, created for the drill, with every awkward kind of object. */
export const bucket = stopsOneContract(makeBucket);

/** A Google Cloud Storage bucket with object versioning. */
export const gcsBucket = stopsOneContract(makeGcsBucket);

/** An asset and a bystander on the same servers. */
export const sparing = stopsOneContract(makeSparing);
