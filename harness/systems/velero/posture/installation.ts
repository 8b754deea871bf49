import type { z } from 'zod';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../../clients/kubernetes-object.ts';
import type { Step } from '../../../model/step.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../../../wait/wait.ts';
import { SESSION_LABEL } from '../../kubernetes/access.ts';
import {
  backupSchema,
  deploymentSchema,
  locationSchema,
  nodeSchema,
  podSchema,
  scheduleSchema,
  servedVeleroTypes,
  snapshotLocationSchema,
  statusRequestSchema,
} from './objects.ts';

/** What Velero's server says of itself, or why it says nothing. */
type VeleroServer =
  | { readonly version: string; readonly plugins: readonly { readonly name: string; readonly kind: string }[] }
  | { readonly silent: string };

export interface InstalledLocation {
  readonly name: string;
  readonly provider: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string | undefined;
  /** Undefined while Velero has not looked at it yet. */
  readonly phase: string | undefined;
  readonly message: string;
  readonly isReadOnly: boolean;
}

export interface InstalledSchedule {
  readonly name: string;
  readonly phase: string | undefined;
  readonly problems: readonly string[];
  readonly paused: boolean;
  /** It reads volumes file by file, or moves snapshots of them: both are the work of the node agent. */
  readonly usesNodeAgent: boolean;
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
}

interface ClusterNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** No taint and no cordon keeps an ordinary pod away. */
  readonly takesPods: boolean;
  readonly hasReadyAgent: boolean;
}

/** A pod with a volume that Velero may read file by file. */
interface PodWithVolumes {
  readonly name: string;
  readonly namespace: string;
  readonly node: string;
  /** Its annotation `backup.velero.io/backup-volumes` asks for that by name. */
  readonly asksForFileBackup: boolean;
}

/** What was found of an installation of Velero in one namespace, as plain data. */
export interface VeleroInstallation {
  readonly namespace: string;
  /** Velero's own types that the cluster does not serve, e.g. `backups`; with any of them missing, nothing else was read. */
  readonly missingTypes: readonly string[];
  readonly isNamespaceThere: boolean;
  readonly server: VeleroServer;
  readonly locations: readonly InstalledLocation[];
  readonly snapshotLocations: readonly { readonly name: string; readonly provider: string }[];
  readonly schedules: readonly InstalledSchedule[];
  /** The newest backup that has ended, whoever asked for it; null when none has. */
  readonly lastBackup: { readonly name: string; readonly phase: string; readonly why: string } | null;
  readonly nodes: readonly ClusterNode[];
  readonly podsWithVolumes: readonly PodWithVolumes[];
}

const TYPES = [
  'backups',
  'backupstoragelocations',
  'schedules',
  'serverstatusrequests',
  'volumesnapshotlocations',
] as const;
const ANSWER_BUDGET_MS = 20_000;
const FILE_BACKUP_FLAG = '--default-volumes-to-fs-backup';
/** https://velero.io/docs/v1.18/file-system-backup/ names it; it lists the volumes of a pod. */
const FILE_BACKUP_ANNOTATION = 'backup.velero.io/backup-volumes';
/** Its pods carry it on Linux and on Windows (velero pkg/install/daemonset.go). */
const AGENT_LABEL = 'role=node-agent';
/** Kinds of volumes that a file-system backup passes over (velero pkg/util/podvolume/pod_volume.go). */
const NEVER_READ = ['hostPath', 'secret', 'configMap', 'projected', 'downwardAPI'];
/** Ended, well or not (velero pkg/apis/velero/v1/backup_types.go). */
const ENDED = new Set(['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation']);

/** Reads what is there, and asks the server for its version and plugins as `velero version` does, by a ServerStatusRequest. */
export async function readVeleroInstallation(
  kubeconfigPath: string,
  { namespace, sessionId }: { readonly namespace: string; readonly sessionId: string },
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<VeleroInstallation> {
  using api = new KubernetesApi(kubeconfigPath);
  const { signal } = step;
  const served = await servedVeleroTypes(api, signal);
  const missingTypes = TYPES.filter((type) => !served.has(type));
  const isNamespaceThere = (await api.findObject(`/api/v1/namespaces/${namespace}`, signal)) !== undefined;
  const nothing = {
    locations: [],
    snapshotLocations: [],
    schedules: [],
    lastBackup: null,
    nodes: [],
    podsWithVolumes: [],
  };
  if (missingTypes.length > 0 || !isNamespaceThere) {
    return { ...nothing, namespace, missingTypes, isNamespaceThere, server: { silent: 'it was not asked' } };
  }
  const own = `/apis/velero.io/v1/namespaces/${namespace}`;
  const every = async <T extends z.ZodType>(path: string, schema: T, labelSelector?: string): Promise<z.infer<T>[]> => {
    const objects: KubernetesObject[] = await Array.fromAsync(api.list(path, signal, labelSelector));
    return objects.map((object) => schema.parse(object));
  };
  const [server, locations, snapshotLocations, schedules, backups, deployments, nodes, agents, pods] =
    await Promise.all([
      askServer(api, own, sessionId, step),
      every(`${own}/backupstoragelocations`, locationSchema),
      every(`${own}/volumesnapshotlocations`, snapshotLocationSchema),
      every(`${own}/schedules`, scheduleSchema),
      every(`${own}/backups`, backupSchema),
      every(`/apis/apps/v1/namespaces/${namespace}/deployments`, deploymentSchema),
      every('/api/v1/nodes', nodeSchema),
      every(`/api/v1/namespaces/${namespace}/pods`, podSchema, AGENT_LABEL),
      every('/api/v1/pods', podSchema),
    ]);
  const isFileBackupDefault = deployments.some(isFileBackupServer);
  const agentNodes = new Set(agents.filter(isReady).map(({ spec }) => spec.nodeName));
  return {
    namespace,
    missingTypes,
    isNamespaceThere,
    server,
    locations: locations.map(locationOf),
    snapshotLocations: snapshotLocations.map(({ metadata, spec }) => ({
      name: metadata.name,
      provider: spec.provider,
    })),
    schedules: schedules.map((schedule) => scheduleOf(schedule, isFileBackupDefault)),
    lastBackup: lastEnded(backups),
    nodes: nodes.map(({ metadata, spec }) => ({
      name: metadata.name,
      labels: metadata.labels,
      takesPods: !spec.unschedulable && !spec.taints.some(({ effect }) => effect !== 'PreferNoSchedule'),
      hasReadyAgent: agentNodes.has(metadata.name),
    })),
    podsWithVolumes: pods
      .filter(({ spec, status }) => spec.nodeName !== '' && status.phase === 'Running' && spec.volumes.some(isRead))
      .map(({ metadata, spec }) => ({
        name: metadata.name,
        namespace: metadata.namespace,
        node: spec.nodeName,
        asksForFileBackup: metadata.annotations[FILE_BACKUP_ANNOTATION] !== undefined,
      })),
  };
}

/** The request is removed in any case; the server itself removes it after a minute. */
async function askServer(
  api: KubernetesApi,
  own: string,
  sessionId: string,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<VeleroServer> {
  const metadata = { name: `dr-status-${crypto.randomUUID().slice(0, 8)}`, labels: { [SESSION_LABEL]: sessionId } };
  const path = `${own}/serverstatusrequests`;
  await api.create(path, { apiVersion: 'velero.io/v1', kind: 'ServerStatusRequest', metadata, spec: {} }, signal);
  try {
    return await waitFor(
      {
        for: 'Velero to answer a ServerStatusRequest',
        budgetMs: ANSWER_BUDGET_MS,
        intervalMs: 250,
        look: async (looking) => {
          const { status } = statusRequestSchema.parse(await api.getObject(`${path}/${metadata.name}`, looking));
          if (status?.phase !== 'Processed') return notYet(`phase ${status?.phase ?? 'none'}`);
          const plugins = status.plugins.map(({ name, kind }) => ({ name, kind }));
          return arrived({ version: status.serverVersion, plugins });
        },
      },
      clock,
      signal,
    );
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    return { silent: `no answer within ${ANSWER_BUDGET_MS / 1_000} s` };
  } finally {
    await api.delete(`${path}/${metadata.name}`, signal);
  }
}

const isFileBackupServer = ({ spec }: z.infer<typeof deploymentSchema>): boolean =>
  spec.template.spec.containers.some(({ args, command }) =>
    [...command, ...args].some((word) => word === FILE_BACKUP_FLAG || word === `${FILE_BACKUP_FLAG}=true`),
  );

const isReady = ({ status }: z.infer<typeof podSchema>): boolean =>
  status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');

const isRead = (volume: Readonly<Record<string, unknown>>): boolean =>
  !NEVER_READ.some((kind) => volume[kind] !== undefined);

function locationOf({ metadata, spec, status }: z.infer<typeof locationSchema>): InstalledLocation {
  return {
    name: metadata.name,
    provider: spec.provider,
    bucket: spec.objectStorage?.bucket ?? '',
    prefix: spec.objectStorage?.prefix ?? '',
    region: spec.config?.['region'],
    phase: status.phase || undefined,
    message: status.message ?? '',
    isReadOnly: spec.accessMode === 'ReadOnly',
  };
}

function scheduleOf(
  { metadata, spec, status }: z.infer<typeof scheduleSchema>,
  isFileBackupDefault: boolean,
): InstalledSchedule {
  const { template } = spec;
  return {
    name: metadata.name,
    phase: status.phase || undefined,
    problems: status.validationErrors,
    paused: spec.paused,
    usesNodeAgent: (template.defaultVolumesToFsBackup ?? isFileBackupDefault) || template.snapshotMoveData === true,
    includes: template.includedNamespaces,
    excludes: template.excludedNamespaces,
  };
}

function lastEnded(backups: readonly z.infer<typeof backupSchema>[]): VeleroInstallation['lastBackup'] {
  const beganMs = ({ metadata, status }: z.infer<typeof backupSchema>) =>
    Date.parse(status.startTimestamp ?? metadata.creationTimestamp);
  const [newest] = backups
    .filter(({ status }) => ENDED.has(status.phase))
    .toSorted((one, other) => beganMs(other) - beganMs(one));
  if (newest === undefined) return null;
  const { phase, failureReason, validationErrors, errors } = newest.status;
  const why = [failureReason, ...validationErrors, errors === 0 ? '' : `${errors} errors`].filter(
    (part) => part !== '',
  );
  return { name: newest.metadata.name, phase, why: why.join(', ') };
}
