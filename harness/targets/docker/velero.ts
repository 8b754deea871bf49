import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../clock/clock.ts';
import { runCommand } from '../../process/run.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { arrived, notYet, type Wait, waitFor } from '../../wait/wait.ts';
import { type KubeAccess, KubeApi, reasonIn } from '../local/kube-api.ts';
import {
  cloudCredentials,
  definitionSchema,
  forgetSync,
  locationPath,
  served,
  storageLocation,
  storageLocationUsable,
  VELERO_NAMESPACE,
} from '../local/velero.ts';
import type { DockerContext } from './context.ts';
import { imageOf } from './settings.ts';

export interface VeleroOptions {
  readonly kubeconfigPath: string;
  readonly access: KubeAccess;
  /** May still be starting. */
  readonly s3: Promise<S3Place>;
  /** Loading of Velero's images onto the node: a pod that starts earlier waits longer than the loading takes. */
  readonly images: Promise<void>;
  /** Prefix of this cluster's backups in the backup bucket. */
  readonly prefix: string;
}

const READY_BUDGET_MS = 180_000;
const CONCURRENT_BACKUPS = 4;

const containers = z.array(z.looseObject({ image: z.string() }));
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const workloadSchema = manifestSchema.extend({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers, initContainers: containers.optional() }),
    }),
  }),
});
const listSchema = z.object({ items: z.array(manifestSchema).min(1) });
const rolloutSchema = z.object({
  metadata: z.object({ generation: z.number().default(0) }),
  status: z
    .object({
      observedGeneration: z.number().optional(),
      replicas: z.number().optional(),
      updatedReplicas: z.number().optional(),
      readyReplicas: z.number().optional(),
      numberReady: z.number().optional(),
      desiredNumberScheduled: z.number().optional(),
    })
    .optional(),
});

type Manifest = z.infer<typeof manifestSchema>;

/**
 * Installs Velero with its AWS plugin and node agent, as `velero install` does. Can begin as soon as the API answers: the node, S3 and the
 * images need not be ready. Ready when both run, the storage location is valid, and Velero knows the backups in it, so that a restore into
 * a new cluster can begin at once.
 */
export async function installVelero(
  options: VeleroOptions,
  context: DockerContext,
  signal: AbortSignal,
): Promise<void> {
  const { access } = options;
  const { clock } = context;
  const manifests = await veleroManifests(options, context, signal);
  using api = new KubeApi(access);
  const ofKind = (...kinds: string[]) => manifests.filter(({ kind }) => kinds.includes(kind));
  const apply = async (some: readonly Manifest[]) => {
    await Promise.all(some.map(async (manifest) => await api.apply(pathOf(manifest), manifest, signal)));
  };
  const definitions = ofKind('CustomResourceDefinition');
  await apply([...definitions, ...ofKind('Namespace')]);
  await apply(ofKind('ServiceAccount', 'ClusterRoleBinding'));
  await Promise.all(
    definitions.map(
      async (definition) => await waitFor(served(api, definitionSchema.parse(definition)), clock, signal),
    ),
  );
  await pointAtBucket({ s3: await options.s3, prefix: options.prefix }, api, signal);
  await options.images;
  await apply(ofKind('Deployment', 'DaemonSet').map((manifest) => withPullPolicy(manifest, context)));
  await veleroReady(access, clock, signal);
}

interface Bucket {
  readonly s3: S3Place;
  readonly prefix: string;
}

/** Gives Velero the location of its backups and the credentials for it. */
async function pointAtBucket({ s3, prefix }: Bucket, api: KubeApi, signal: AbortSignal): Promise<void> {
  const endpoint = s3.endpointFromPods ?? s3.endpoint;
  const inNamespace = `/api/v1/namespaces/${VELERO_NAMESPACE}`;
  await api.apply(`${inNamespace}/secrets/cloud-credentials`, { ...cloudCredentials(s3), kind: 'Secret' }, signal);
  await api.apply(
    locationPath,
    storageLocation({ s3: { ...s3, endpoint }, prefix }, { name: 'cloud-credentials', key: 'cloud' }),
    signal,
  );
}

async function veleroReady(access: KubeAccess, clock: Clock, signal: AbortSignal): Promise<void> {
  await Promise.all([
    waitFor(rolledOut(access, 'deployments', 'velero'), clock, signal),
    waitFor(rolledOut(access, 'daemonsets', 'node-agent'), clock, signal),
    waitFor({ ...storageLocationUsable(access), budgetMs: READY_BUDGET_MS }, clock, signal),
  ]);
}

/** Points a Velero at another bucket. It restarts, and so validates and synchronises the new location at once. */
export async function repointVelero(
  options: Bucket & Pick<VeleroOptions, 'access'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  using api = new KubeApi(options.access);
  await pointAtBucket(options, api, signal);
  await restartVelero(options.access, clock, signal);
}

/** Restarts Velero's server. Ready when it has read its bucket again. */
export async function restartVelero(access: KubeAccess, clock: Clock, signal: AbortSignal): Promise<void> {
  using api = new KubeApi(access);
  await forgetSync(access, signal);
  const path = `/apis/apps/v1/namespaces/${VELERO_NAMESPACE}/deployments/velero`;
  const annotations = { 'dr-contracts/restarted': clock.now().utc };
  await api.apply(
    path,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'velero' },
      spec: { template: { metadata: { annotations } } },
    },
    signal,
    'dr-contracts-restart',
  );
  await veleroReady(access, clock, signal);
}

/** Manifests that this velero itself generates for a cluster. */
async function veleroManifests(
  { kubeconfigPath }: VeleroOptions,
  context: DockerContext,
  signal: AbortSignal,
): Promise<Manifest[]> {
  const { stdout } = await runCommand(
    {
      name: 'velero install --dry-run',
      file: context.tool('velero'),
      args: [
        'install',
        '--dry-run',
        '--output=json',
        `--image=${imageOf(context.settings, 'velero')}`,
        `--plugins=${imageOf(context.settings, 'velero-plugin-for-aws')}`,
        '--no-secret',
        '--no-default-backup-location',
        '--use-volume-snapshots=false',
        '--use-node-agent',
        '--default-volumes-to-fs-backup',
        `--concurrent-backups=${CONCURRENT_BACKUPS}`,
        // The default requests exceed the free capacity of a small machine.
        '--velero-pod-cpu-request=0',
        '--velero-pod-cpu-limit=0',
        '--velero-pod-mem-limit=0',
      ],
      env: { HOME: context.session.folder('home', 'velero'), KUBECONFIG: kubeconfigPath },
    },
    signal,
  );
  return listSchema.parse(JSON.parse(stdout)).items.map(({ status: _, ...manifest }) => manifest);
}

/**
 * Sets the pull policy. `velero install` sets `Always` when it cannot read a tag in the image's name, which includes every registry with a
 * port. The node would then pull an image that was loaded onto it by hand.
 */
function withPullPolicy(manifest: Manifest, { settings }: DockerContext): Manifest {
  const imagePullPolicy = settings.pull === 'never' ? 'Never' : 'IfNotPresent';
  const workload = workloadSchema.parse(manifest);
  const pod = workload.spec.template.spec;
  const polite = (some: z.infer<typeof containers> = []) => some.map((one) => ({ ...one, imagePullPolicy }));
  pod.containers = polite(pod.containers);
  if (pod.initContainers !== undefined) pod.initContainers = polite(pod.initContainers);
  return workload;
}

const collections: Readonly<Record<string, string>> = {
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  Namespace: '/api/v1/namespaces',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  ServiceAccount: `/api/v1/namespaces/${VELERO_NAMESPACE}/serviceaccounts`,
  Deployment: `/apis/apps/v1/namespaces/${VELERO_NAMESPACE}/deployments`,
  DaemonSet: `/apis/apps/v1/namespaces/${VELERO_NAMESPACE}/daemonsets`,
};

function pathOf({ kind, metadata }: Manifest): string {
  const collection = collections[kind];
  if (collection === undefined) throw new Error(`velero install creates a ${kind}, which the harness does not expect`);
  return join(collection, metadata.name);
}

function rolledOut(access: KubeAccess, resource: 'deployments' | 'daemonsets', name: string): Wait<void> {
  const path = `/apis/apps/v1/namespaces/${VELERO_NAMESPACE}/${resource}/${name}`;
  return {
    for: `${name} to run in the cluster`,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 100,
    look: async (signal) => {
      using api = new KubeApi(access);
      const { status, body } = await api.call('GET', path, signal);
      if (status !== 200) return notYet(`it answers ${status}: ${reasonIn(body)}`);
      const { metadata, status: found } = rolloutSchema.parse(JSON.parse(body));
      const { readyReplicas = 0, numberReady = 0, desiredNumberScheduled = 1, observedGeneration = 0 } = found ?? {};
      if (observedGeneration < metadata.generation) return notYet('the controller has not seen the change yet');
      // The old server could start a restore and be stopped in the middle of it.
      const { replicas = 0, updatedReplicas = 0 } = found ?? {};
      if (resource === 'deployments' && replicas > updatedReplicas)
        return notYet(`${replicas - updatedReplicas} pods of before still run`);
      const ready = resource === 'deployments' ? readyReplicas : numberReady;
      const wanted = resource === 'deployments' ? 1 : Math.max(1, desiredNumberScheduled);
      return ready >= wanted ? arrived(undefined) : notYet(`${ready} of ${wanted} pods are ready`);
    },
  };
}
