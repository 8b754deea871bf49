import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type CommandResult, runCommand } from '../../process/run.ts';
import { arrived, notYet, type Wait } from '../../wait/wait.ts';
import { type KubeAccess, KubeApi, reasonIn } from '../local/kube-api.ts';
import type { DockerContext } from './context.ts';
import { daemonEnvironment, docker, dockerLines } from './docker-command.ts';
import { KIND_CLUSTER_LABEL } from './labels.ts';
import { loadOntoNode, nodeKubeconfig, startNodeCluster } from './node-cluster.ts';
import { imageOf } from './settings.ts';

/** One of the cluster's node ports, and the loopback port of this machine that forwards to it. */
export interface PortMapping {
  readonly nodePort: number;
  readonly port: number;
}

export interface KindOptions {
  /** The cluster's name in kind. */
  readonly name: string;
  /** Folder of kubeconfig and configuration. */
  readonly dir: string;
  readonly ports: readonly PortMapping[];
}

const READY_BUDGET_MS = 180_000;
const REMOVE_BUDGET_MS = 60_000;

const base64 = z.string().transform((text) => Buffer.from(text, 'base64').toString('utf8'));
const kubeconfigSchema = z.object({
  clusters: z.tuple([z.looseObject({ cluster: z.object({ server: z.url(), 'certificate-authority-data': base64 }) })]),
  users: z.tuple([z.looseObject({ user: z.object({ 'client-certificate-data': base64, 'client-key-data': base64 }) })]),
});
const nodesSchema = z.object({
  items: z.array(
    z.object({
      status: z.object({
        nodeInfo: z.object({
          kubeletVersion: z.string(),
          containerRuntimeVersion: z.string(),
          kernelVersion: z.string(),
        }),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })),
      }),
    }),
  ),
});

/**
 * Creates a one-node cluster on the context's network. On return its API answers; its node may not be ready yet.
 * @returns the path of its kubeconfig: always the same path in `dir`, readable by its owner only.
 */
export async function createKindCluster(
  options: KindOptions,
  context: DockerContext,
  signal: AbortSignal,
): Promise<string> {
  const kubeconfigPath = join(options.dir, 'kubeconfig');
  const draft = `${kubeconfigPath}.new`;
  if (context.kind === undefined) {
    const { name: cluster, dir, ports } = options;
    const kubeconfig = await startNodeCluster({ cluster, dir, ports }, context, signal);
    await writeFile(draft, kubeconfig, { mode: 0o600 });
  } else {
    await createByKind(context.kind, options, draft, context, signal);
  }
  // Replaced in one step, so that a reader never sees half a file during the replacement of a lost cluster.
  await rename(draft, kubeconfigPath);
  return kubeconfigPath;
}

async function createByKind(
  file: string,
  { name, dir, ports }: KindOptions,
  kubeconfigPath: string,
  context: DockerContext,
  signal: AbortSignal,
): Promise<void> {
  const configPath = join(dir, 'kind.json');
  await writeFile(configPath, JSON.stringify(configuration(name, ports)), { mode: 0o600 });
  await kind(
    file,
    [
      'create',
      'cluster',
      `--name=${name}`,
      `--image=${imageOf(context.settings, 'kind-node')}`,
      `--config=${configPath}`,
      `--kubeconfig=${kubeconfigPath}`,
    ],
    context,
    signal,
  );
}

function configuration(name: string, ports: readonly PortMapping[]) {
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name,
    networking: { apiServerAddress: '127.0.0.1' },
    nodes: [
      {
        role: 'control-plane',
        extraPortMappings: ports.map(({ nodePort, port }) => ({
          containerPort: nodePort,
          hostPort: port,
          listenAddress: '127.0.0.1',
          protocol: 'TCP',
        })),
      },
    ],
  };
}

/** Loads images of the docker daemon onto the cluster's node. */
export async function loadImages(
  name: string,
  references: readonly string[],
  context: DockerContext,
  signal: AbortSignal,
): Promise<void> {
  if (context.kind === undefined) return await loadOntoNode(name, references, context, signal);
  await kind(context.kind, ['load', 'docker-image', `--name=${name}`, ...references], context, signal);
}

async function kind(
  file: string,
  args: readonly string[],
  context: DockerContext,
  signal: AbortSignal,
): Promise<CommandResult> {
  return await runCommand(
    {
      name: `kind ${args.slice(0, 2).join(' ')}`,
      file,
      args,
      env: {
        // By these marks a collection finds a kind process that still runs after its owner was killed.
        ...context.session.environment,
        ...daemonEnvironment(),
        KIND_EXPERIMENTAL_PROVIDER: 'docker',
        KIND_EXPERIMENTAL_DOCKER_NETWORK: context.network,
        TMPDIR: context.session.folder('t'),
      },
    },
    signal,
  );
}

export async function kubeconfigOf(name: string, context: DockerContext, signal: AbortSignal): Promise<string> {
  if (context.kind === undefined) return await nodeKubeconfig(name, signal);
  const { stdout } = await kind(context.kind, ['get', 'kubeconfig', `--name=${name}`], context, signal);
  return stdout;
}

/** Returns the node ports with which a running cluster was created. */
export async function mappedPorts(name: string, signal: AbortSignal): Promise<PortMapping[]> {
  const [node = name] = await nodesOf(name, signal);
  const lines = await dockerLines(['port', node], signal);
  return lines.flatMap((line) => {
    const [, nodePort, port] = /^(\d+)\/tcp -> 127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
    return nodePort === undefined || Number(nodePort) < 30_000
      ? []
      : [{ nodePort: Number(nodePort), port: Number(port) }];
  });
}

/** Returns the names of the cluster's node containers. */
async function nodesOf(name: string, signal: AbortSignal, ...filters: string[]): Promise<string[]> {
  return await dockerLines(
    ['ps', '--all', '--filter', `label=${KIND_CLUSTER_LABEL}=${name}`, ...filters, '--format', '{{.Names}}'],
    signal,
  );
}

export const isKindAlive = async (name: string): Promise<boolean> =>
  (await nodesOf(name, AbortSignal.timeout(REMOVE_BUDGET_MS), '--filter', 'status=running')).length > 0;

/** Removes the nodes and all their contents, as `kind delete cluster` does. */
export async function deleteKindCluster(name: string): Promise<void> {
  const budget = AbortSignal.timeout(REMOVE_BUDGET_MS);
  const nodes = await nodesOf(name, budget);
  if (nodes.length > 0) await docker(['rm', '--force', '--volumes', ...nodes], budget);
}

/** Kills the whole cluster at once and removes all its contents. @returns exactly what was done. */
export async function loseKindCluster(name: string): Promise<string> {
  const budget = AbortSignal.timeout(REMOVE_BUDGET_MS);
  const nodes = await nodesOf(name, budget, '--filter', 'status=running');
  await docker(['kill', '--signal', 'KILL', ...nodes], budget);
  await deleteKindCluster(name);
  return `${nodes.length} node container killed with SIGKILL and removed with its volumes: control plane, etcd's data, pods and persistent volumes`;
}

export async function readKubeAccess(kubeconfigPath: string): Promise<KubeAccess> {
  const { clusters, users } = kubeconfigSchema.parse(parse(await readFile(kubeconfigPath, 'utf8')));
  const { server, 'certificate-authority-data': caPem } = clusters[0].cluster;
  const { 'client-certificate-data': certificatePem, 'client-key-data': keyPem } = users[0].user;
  return { server, caPem, client: { certificatePem, keyPem } };
}

/** Waits until a pod can be created: the node is ready and the default namespace furnished. Returns the versions for the record. */
export function podsCanRun(access: KubeAccess): Wait<Readonly<Record<string, string>>> {
  const serviceAccount = '/api/v1/namespaces/default/serviceaccounts/default';
  return {
    for: `the cluster at ${access.server} to have a ready node`,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 100,
    look: async (signal) => {
      using api = new KubeApi(access);
      const { status, body } = await api.call('GET', '/api/v1/nodes', signal);
      if (status !== 200) return notYet(`/api/v1/nodes answers ${status}: ${reasonIn(body)}`);
      const { items } = nodesSchema.parse(JSON.parse(body));
      const ready = items.filter(({ status: node }) =>
        node.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
      );
      const [first] = ready;
      if (first === undefined) return notYet(`${items.length} nodes, none of them ready`);
      const account = await api.call('GET', serviceAccount, signal);
      if (account.status !== 200) return notYet(`the default ServiceAccount answers ${account.status}`);
      const { kubeletVersion, containerRuntimeVersion, kernelVersion } = first.status.nodeInfo;
      return arrived({
        'kubelet version': kubeletVersion,
        'container runtime': containerRuntimeVersion,
        'node kernel': kernelVersion,
        nodes: String(items.length),
      });
    },
  };
}
