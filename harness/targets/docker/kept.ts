import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { summaryOf } from '../../model/errors.ts';
import { runCommand } from '../../process/run.ts';
import { waitFor } from '../../wait/wait.ts';
import { SYNC_SETTING } from '../local/velero.ts';
import type { ClusterOptions, StartedCluster } from './cluster-options.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { docker, dockerLines } from './docker-command.ts';
import type { FoundImage } from './images.ts';
import { KEPT_LABEL, keptLock, keptName } from './kept-name.ts';
import { deleteKindCluster, isKindAlive, kubeconfigOf, mappedPorts, podsCanRun, readKubeAccess } from './kind.ts';
import { labelArguments, SESSION_LABEL } from './labels.ts';
import { createNetwork } from './network.ts';
import { imageOf } from './settings.ts';
import { repointVelero } from './velero.ts';

const lockSchema = z.tuple([z.object({ Labels: z.record(z.string(), z.string()).nullable() })]);

/**
 * Reserves the kept cluster for this session, whether or not it exists yet. Another living session may already use it. Docker decides: an
 * existing volume keeps the labels of the session that created it.
 */
export async function takeKept(context: Pick<DockerContext, 'session'>, signal: AbortSignal): Promise<boolean> {
  const lock = keptLock();
  await docker(['volume', 'create', ...labelArguments(labelsOf(context)), lock], signal);
  const { stdout } = await docker(['volume', 'inspect', lock], signal);
  const [{ Labels }] = lockSchema.parse(JSON.parse(stdout));
  return Labels?.[SESSION_LABEL] === context.session.id;
}

/**
 * Ensures that the kept cluster's network exists and that the cluster on it was made from these images; removes any other.
 * @returns whether an existing cluster can be used again.
 */
export async function prepareKept(
  images: readonly FoundImage[],
  signal: AbortSignal,
  progress: (message: string) => void,
): Promise<boolean> {
  const name = keptName();
  const made = makingOf(images);
  const [found] = await dockerLines(
    ['network', 'ls', '--filter', `name=^${name}$`, '--format', `{{.Label "${KEPT_LABEL}"}}`],
    signal,
  );
  const unfit = await whyUnfit(name, found, made);
  if (unfit === undefined) return true;
  if (found !== undefined || (await isKindAlive(name))) {
    progress(`the kept cluster is made anew: ${unfit}`);
    await deleteKindCluster(name);
    if (found !== undefined) await docker(['network', 'rm', name], signal);
  }
  await createNetwork(name, { [KEPT_LABEL]: made }, signal);
  return false;
}

/** Raise it when Velero is installed differently, so that a cluster made by an older version of this program is not used again. */
const INSTALLATION = 1;

/** Returns a key of the cluster's contents: a tag that was pulled again is another image. */
const makingOf = (images: readonly FoundImage[]): string => {
  const inCluster = images.filter(({ name }) => name === 'kind-node' || name.startsWith('velero'));
  const parts = inCluster.map(({ name, reference, digest }) => [name, reference, digest]);
  return createHash('sha256')
    .update(JSON.stringify([INSTALLATION, parts]))
    .digest('hex')
    .slice(0, 16);
};

async function whyUnfit(name: string, found: string | undefined, made: string): Promise<string | undefined> {
  if (found === undefined) return 'there is none';
  if (found !== made) return 'it was made of other images';
  return (await isKindAlive(name)) ? undefined : 'its node does not run';
}

/**
 * Returns the kept cluster with its Velero pointed at this session's bucket; undefined, after removing the cluster, when it is not healthy.
 */
export async function reuseCluster(
  { label, s3, onReady }: ClusterOptions,
  prefix: string,
  context: DockerContext,
  signal: AbortSignal,
): Promise<StartedCluster | undefined> {
  const name = keptName();
  try {
    const kubeconfigPath = join(context.session.folder('kubernetes', label), 'kubeconfig');
    await writeFile(kubeconfigPath, await kubeconfigOf(name, context, signal), { mode: 0o600 });
    const access = await readKubeAccess(kubeconfigPath);
    const versions = await waitFor({ ...podsCanRun(access), budgetMs: HEALTH_BUDGET_MS }, context.clock, signal);
    onReady?.('kind');
    onReady?.('kubernetes');
    if (s3 !== undefined) {
      await forgetEarlierRuns(kubeconfigPath, context, signal);
      await repointVelero({ access, s3: await s3, prefix }, context.clock, signal);
      onReady?.('velero');
    }
    return {
      name,
      kubeconfigPath,
      ports: await mappedPorts(name, signal),
      settings: {
        cluster: 'kind, kept from an earlier run',
        'node image': imageOf(context.settings, 'kind-node'),
        ...(s3 === undefined ? {} : SYNC_SETTING),
        ...versions,
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  } catch (error) {
    signal.throwIfAborted();
    await deleteKindCluster(name);
    context.progress?.(`the kept cluster was not healthy and is made anew: ${summaryOf(error)}`);
    return undefined;
  }
}

const HEALTH_BUDGET_MS = 20_000;

/** Label on everything that a drill makes in a cluster, including the leftovers of a killed drill. */
const DRILL_MARK = 'dr-contracts.dev/session';
const CLUSTER_SCOPED = 'clusterroles,clusterrolebindings,priorityclasses,storageclasses';

/**
 * Removes the leftovers of earlier runs from the cluster, and Velero's records of buckets that no longer exist. Only one run at a time uses
 * the cluster.
 */
async function forgetEarlierRuns(kubeconfigPath: string, context: DockerContext, signal: AbortSignal): Promise<void> {
  const remove = async (...args: string[]) => {
    const env = { KUBECONFIG: kubeconfigPath, HOME: context.session.folder('home', 'kubectl') };
    const name = `kubectl delete ${args[0]} (what earlier runs left in the kept cluster)`;
    await runCommand({ name, file: context.tool('kubectl'), args: ['delete', ...args], env }, signal);
  };
  await Promise.all([
    remove(
      'schedules.velero.io,backups.velero.io,backuprepositories.velero.io,backupstoragelocations.velero.io',
      ...['--all', '--namespace=velero', '--timeout=20s'],
    ),
    remove('namespaces', `--selector=${DRILL_MARK}`, '--wait=false'),
    remove(CLUSTER_SCOPED, `--selector=${DRILL_MARK}`, '--wait=false'),
  ]);
}
