import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { summaryOf } from '../../model/errors.ts';
import { runCommand } from '../../process/run.ts';
import { waitFor } from '../../wait/wait.ts';
import type { ClusterOptions, StartedCluster } from './cluster.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { docker, dockerLines } from './docker-command.ts';
import { deleteKindCluster, isKindAlive, kubeconfigOf, mappedPorts, podsCanRun, readKubeAccess } from './kind.ts';
import { KEPT_PREFIX, labelArguments, SESSION_LABEL } from './labels.ts';
import { createNetwork } from './network.ts';
import { repointVelero, veleroManifestsKey } from './velero.ts';

/** On the kept cluster's network: what it was made of. Nothing with this label carries a session's, so no collection touches it. */
const KEPT_LABEL = 'dr-contracts.kept';

/** One for each user of a daemon, and its network of the same name. */
export const keptName = (): string => `${KEPT_PREFIX}${process.getuid?.() ?? 'user'}`;

const lockSchema = z.tuple([z.object({ Labels: z.record(z.string(), z.string()).nullable() })]);

/**
 * Takes the kept cluster for this session, whether or not it exists yet; another session that lives may have it. Docker decides:
 * a volume that is there already keeps the labels of whoever created it.
 */
export async function takeKept(context: Pick<DockerContext, 'session'>, signal: AbortSignal): Promise<boolean> {
  const lock = `${keptName()}-lock`;
  await docker(['volume', 'create', ...labelArguments(labelsOf(context)), lock], signal);
  const { stdout } = await docker(['volume', 'inspect', lock], signal);
  const [{ Labels }] = lockSchema.parse(JSON.parse(stdout));
  return Labels?.[SESSION_LABEL] === context.session.id;
}

/**
 * Makes sure that the kept cluster's network is there, and that what is on it fits these settings; removes what does not.
 * @returns whether there is a cluster to be used again.
 */
export async function prepareKept(
  context: DockerContext,
  signal: AbortSignal,
  progress: (message: string) => void,
): Promise<boolean> {
  const name = keptName();
  const made = veleroManifestsKey(context.settings.images);
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

async function whyUnfit(name: string, found: string | undefined, made: string): Promise<string | undefined> {
  if (found === undefined) return 'there is none';
  if (found !== made) return 'it was made of other images';
  return (await isKindAlive(name)) ? undefined : 'its node does not run';
}

/**
 * The kept cluster, with its Velero pointed at this session's bucket; undefined (and removed) when it is not healthy.
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
      await forgetBackups(kubeconfigPath, context, signal);
      await repointVelero({ access, s3: await s3, prefix }, context.clock, signal);
      onReady?.('velero');
    }
    return {
      name,
      kubeconfigPath,
      ports: await mappedPorts(name, signal),
      settings: {
        cluster: 'kind, kept from an earlier run',
        'node image': context.settings.images['kind-node'],
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

/** What Velero remembers of buckets that are no more: backups, and the repositories of file-system backups. */
async function forgetBackups(kubeconfigPath: string, context: DockerContext, signal: AbortSignal): Promise<void> {
  await runCommand(
    {
      name: 'kubectl delete (what Velero remembers of earlier runs)',
      file: context.tool('kubectl'),
      args: [
        '--namespace=velero',
        'delete',
        'schedules.velero.io,backups.velero.io,backuprepositories.velero.io,backupstoragelocations.velero.io',
        '--all',
        '--timeout=20s',
      ],
      env: { KUBECONFIG: kubeconfigPath, HOME: context.session.folder('home', 'kubectl') },
    },
    signal,
  );
}
