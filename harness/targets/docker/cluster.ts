import { waitFor } from '../../wait/wait.ts';
import { backupPrefix } from '../backup-bucket.ts';
import { SYNC_SETTING } from '../local/velero.ts';
import { onFreePorts } from '../ports.ts';
import type { ClusterOptions, StartedCluster } from './cluster-options.ts';
import type { DockerContext } from './context.ts';
import { reuseCluster } from './kept.ts';
import { keptName } from './kept-name.ts';
import {
  createKindCluster,
  deleteKindCluster,
  loadImages,
  type PortMapping,
  podsCanRun,
  readKubeAccess,
} from './kind.ts';
import { clusterName } from './labels.ts';
import { imageOf } from './settings.ts';
import { installVelero, type VeleroOptions } from './velero.ts';

// From Kubernetes' range of node ports. They are mapped when the cluster is created; that is impossible later.
const NODE_PORTS = [30_080, 30_081, 30_082, 30_083, 30_084, 30_085, 30_086, 30_087] as const;

/** The label of the cluster that every contract shares. */
export const SHARED = 'shared';

/** Creates a cluster of this session. Installs Velero and loads its images while the node becomes ready. */
export async function startCluster(
  options: ClusterOptions,
  context: DockerContext,
  signal: AbortSignal,
): Promise<StartedCluster> {
  const { label, s3, onReady } = options;
  const { session, clock, settings } = context;
  const prefix = options.prefix ?? backupPrefix(session.id, label);
  const isKept = context.kept !== undefined && label === SHARED;
  if (isKept && context.kept === 'again') {
    const cluster = await reuseCluster(options, prefix, context, signal);
    if (cluster !== undefined) return cluster;
  }
  const name = isKept ? keptName() : clusterName(session.id, label);
  const dir = session.folder('kubernetes', label);
  const create = async (ports: readonly PortMapping[]) => ({
    ports,
    kubeconfigPath: await createKindCluster({ name, dir, ports }, context, signal),
  });
  const { kubeconfigPath, ports } =
    options.ports === undefined
      ? await onFreePorts(NODE_PORTS.length, async (free) => await create(mapped(free)))
      : await create(options.ports);
  try {
    onReady?.('kind');
    const access = await readKubeAccess(kubeconfigPath);
    const velero =
      s3 === undefined ? undefined : startVelero(name, { kubeconfigPath, access, s3, prefix }, context, signal);
    const ready = waitFor(podsCanRun(access), clock, signal).then((versions) => {
      onReady?.('kubernetes');
      return versions;
    });
    await Promise.allSettled([ready, velero]);
    const versions = await ready;
    await velero;
    if (velero !== undefined) onReady?.('velero');
    return {
      name,
      kubeconfigPath,
      ports,
      settings: {
        cluster: context.kind === undefined ? "one node of kind's image, made by kubeadm" : 'kind',
        'node image': imageOf(settings, 'kind-node'),
        ...(s3 === undefined ? {} : SYNC_SETTING),
        ...versions,
      },
      [Symbol.asyncDispose]: async () => await deleteKindCluster(name),
    };
  } catch (error) {
    await deleteKindCluster(name).catch((deleteError: unknown) => {
      throw new AggregateError([error, deleteError], 'starting a cluster failed, and so did deleting it', {
        cause: error,
      });
    });
    throw error;
  }
}

/** Installs Velero while its images are loaded onto the node. */
async function startVelero(
  cluster: string,
  options: Omit<VeleroOptions, 'images'>,
  context: DockerContext,
  signal: AbortSignal,
): Promise<void> {
  const references = ['velero', 'velero-plugin-for-aws'].map((name) => imageOf(context.settings, name));
  const images = loadImages(cluster, references, context, signal);
  const installed = installVelero({ ...options, images }, context, signal);
  // Waits for both, so that neither continues after the other's failure.
  await Promise.allSettled([images, installed]);
  await images;
  await installed;
}

const mapped = (free: readonly number[]): PortMapping[] =>
  NODE_PORTS.flatMap((nodePort, index) => {
    const port = free[index];
    return port === undefined ? [] : [{ nodePort, port }];
  });
