import { rm } from 'node:fs/promises';
import { Scope } from '../../base/scope.ts';
import { counted } from '../../model/text.ts';
import type { StartedProcess } from '../../process/supervised.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { backupPrefix } from '../backup-bucket.ts';
import { type StartedApi, startApi, startControllerManager } from './kubernetes.ts';
import type { LocalContext } from './program.ts';
import {
  restartVelero,
  SYNC_SETTING,
  startVelero,
  type VeleroGcs,
  type VeleroOptions,
  veleroDefinitions,
} from './velero.ts';

export interface ClusterOptions {
  readonly label: string;
  /** The S3 that Velero backs up to; undefined for a Kubernetes API without Velero. May still be starting. */
  readonly s3: Promise<S3Place> | undefined;
  /** Google Cloud Storage, as a second place for Velero's backups. */
  readonly gcs?: VeleroGcs | undefined;
  readonly port?: number | undefined;
  /** Prefix of Velero's backups in the bucket; when left out, the cluster gets a prefix of its own. */
  readonly prefix?: string | undefined;
  /** Called as soon as the API answers, before its controllers are ready. */
  readonly onApi?: (api: Pick<StartedApi, 'kubeconfigPath' | 'access'>) => void;
}

/** A control plane, with Velero where requested. Disposal is idempotent. */
export interface StartedCluster extends AsyncDisposable {
  readonly kubeconfigPath: string;
  /** Velero's server first, etcd last. */
  readonly processes: readonly StartedProcess[];
  readonly etcdDir: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Restarts Velero where it was requested. Ready when it has read its bucket. */
  restartVelero(signal: AbortSignal): Promise<void>;
}

interface StartedVelero {
  readonly server: StartedProcess;
  readonly place: VeleroOptions;
}

const STOP_BUDGET_MS = 4_000;

/** Starts a cluster; Velero and the controllers start side by side as soon as the API answers. */
export async function startCluster(
  options: ClusterOptions,
  context: LocalContext,
  signal: AbortSignal,
): Promise<StartedCluster> {
  const { label, s3, gcs } = options;
  const scope = new Scope({ what: `cluster ${label}`, clock: context.clock, releaseBudgetMs: STOP_BUDGET_MS });
  const firstFailure = new AbortController();
  const eitherSignal = AbortSignal.any([signal, firstFailure.signal]);
  const failing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      firstFailure.abort(error);
      throw error;
    }
  };
  const owned = async (starting: Promise<StartedProcess>): Promise<StartedProcess> => {
    const started = await failing(starting);
    scope.defer(started.name, () => started.stop());
    return started;
  };
  const definitions = s3 === undefined ? undefined : failing(veleroDefinitions(context, eitherSignal));
  const starting = failing(startApi(label, context, eitherSignal, options.port));
  // Everything settles before anything is stopped, so that nothing starts after the teardown.
  const [api] = await Promise.allSettled([starting, definitions]);
  try {
    if (api.status === 'rejected') throw api.reason;
    const { etcd, apiServer, access, kubeconfigPath, etcdDir, version } = api.value;
    scope.defer(etcd.name, () => etcd.stop());
    scope.defer(apiServer.name, () => apiServer.stop());
    options.onApi?.({ kubeconfigPath, access });
    const controllers = async () => await owned(startControllerManager(label, api.value, context, eitherSignal));
    const velero = async () => {
      if (s3 === undefined || definitions === undefined) return undefined;
      const prefix = options.prefix ?? backupPrefix(context.session.id, label);
      const place = { label, kubeconfigPath, access, s3: await s3, gcs, prefix, definitions: await definitions };
      const server = await owned(startVelero(place, context, eitherSignal));
      return { server, place };
    };
    const [controllerManager, started] = await bothSettled(controllers(), failing(velero()));
    let running: StartedVelero | undefined = started;
    return {
      kubeconfigPath,
      get processes() {
        return [...(running === undefined ? [] : [running.server]), controllerManager, apiServer, etcd];
      },
      etcdDir,
      restartVelero: async (restartSignal) => {
        if (running === undefined) return;
        const { place } = running;
        const { server: before } = running;
        const server = await scope.open(before.name, () => restartVelero(before, place, context, restartSignal));
        running = { server, place };
      },
      settings: {
        'kube-apiserver version': version,
        nodes: 'none',
        'etcd fsync': 'off',
        ...(s3 === undefined ? {} : SYNC_SETTING),
        'velero storage validation': 'at start, then hourly',
      },
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw await scope.closeAfter(firstFailure.signal.aborted ? firstFailure.signal.reason : error);
  }
}

/** Kills every process at once and removes etcd's data. @returns exactly what was done. */
export async function loseCluster({ processes, etcdDir }: StartedCluster): Promise<string> {
  await Promise.all(processes.map((process) => process.kill()));
  await rm(etcdDir, { recursive: true, force: true });
  return `${counted(processes.length, 'process', 'processes')} killed with SIGKILL (${processes.map(({ name }) => name).join(', ')}), etcd's data folder removed`;
}

async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return await Promise.all([first, second]);
}
