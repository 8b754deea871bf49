import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { afterwards } from '../../base/afterwards.ts';
import { ExplainedError } from '../../model/errors.ts';
import { arrived, notYet, type Wait, waitFor } from '../../wait/wait.ts';
import { filledCniManifest } from './cni-manifest.ts';
import type { DockerContext } from './context.ts';
import { docker, dockerLines } from './docker-command.ts';
import { API_PORT, kubeadmConfig } from './kubeadm-config.ts';
import { KIND_CLUSTER_LABEL, KIND_ROLE_LABEL } from './labels.ts';
import { imageOf } from './settings.ts';

// A cluster of one container of kind's node image, made without kind: systemd, containerd, kubeadm and the manifests are in the image. kind
// itself is used where it is installed, because it handles more daemons with unusual settings.

export interface NodeOptions {
  readonly cluster: string;
  /** Folder of this cluster. */
  readonly dir: string;
  readonly ports: readonly { readonly nodePort: number; readonly port: number }[];
}

const BOOT_BUDGET_MS = 120_000;
const ADMIN = '--kubeconfig=/etc/kubernetes/admin.conf';
const CNI_MANIFEST = '/kind/manifests/default-cni.yaml';

const nodeName = (cluster: string): string => `${cluster}-control-plane`;

/** Starts the node and makes a cluster of it. On return its API answers; the node may not be ready yet. @returns its kubeconfig. */
export async function startNodeCluster(
  { cluster, dir, ports }: NodeOptions,
  context: DockerContext,
  signal: AbortSignal,
): Promise<string> {
  const node = nodeName(cluster);
  const inNode = async (...command: string[]) => (await docker(['exec', node, ...command], signal)).stdout;
  const fileIntoNode = async (name: string, content: string) => {
    await writeFile(join(dir, name), content, { mode: 0o600 });
    await docker(['cp', join(dir, name), `${node}:/kind/${name}`], signal);
  };
  await docker(await runArguments(cluster, ports, context, signal), signal);
  await waitFor(containerdRuns(node), context.clock, signal);
  const [address = ''] = await dockerLines(
    ['inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', node],
    signal,
  );
  const kubernetesVersion = (await inNode('cat', '/kind/version')).trim();
  await fileIntoNode('kubeadm.conf', kubeadmConfig({ cluster, node, address, kubernetesVersion }));
  await inNode('kubeadm', 'init', '--config=/kind/kubeadm.conf', '--skip-token-print');
  await fileIntoNode('cni.yaml', filledCniManifest(await inNode('cat', CNI_MANIFEST), `${node}:${API_PORT}`));
  await inNode('kubectl', ADMIN, 'create', '-f', '/kind/cni.yaml');
  await inNode('kubectl', ADMIN, 'apply', '-f', '/kind/manifests/default-storage.yaml');
  return await nodeKubeconfig(cluster, signal);
}

/** Runs a node as kind 0.33 does: https://kind.sigs.k8s.io/docs/design/node-image/ lists what the image expects. */
async function runArguments(
  cluster: string,
  ports: NodeOptions['ports'],
  { settings, network }: DockerContext,
  signal: AbortSignal,
): Promise<string[]> {
  const published = ports.map(({ nodePort, port }) => `127.0.0.1:${port}:${nodePort}/tcp`);
  return [
    ...['run', '--detach', '--tty', '--pull', 'never', '--name', nodeName(cluster), '--hostname', nodeName(cluster)],
    ...['--label', `${KIND_CLUSTER_LABEL}=${cluster}`, '--label', `${KIND_ROLE_LABEL}=control-plane`],
    ...['--privileged', '--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
    ...['--cgroupns=private', '--init=false', '--restart=on-failure:1', '--net', network],
    ...['--tmpfs', '/tmp', '--tmpfs', '/run', '--volume', '/var', '--volume', '/lib/modules:/lib/modules:ro'],
    ...['--env', 'KUBECONFIG=/etc/kubernetes/admin.conf'],
    ...(await daemonArguments(signal)),
    ...[...published, `127.0.0.1::${API_PORT}/tcp`].flatMap((each) => ['--publish', each]),
    imageOf(settings, 'kind-node'),
  ];
}

const daemonSchema = z.object({ Driver: z.string(), SecurityOptions: z.array(z.string()).nullish() });

/** Arguments for daemons with remapped users, and for file systems that map devices (kind's issue 1416). */
async function daemonArguments(signal: AbortSignal): Promise<string[]> {
  const { stdout } = await docker(['info', '--format', '{{json .}}'], signal);
  const { Driver, SecurityOptions } = daemonSchema.parse(JSON.parse(stdout));
  const isRemapped = SecurityOptions?.some((option) => option.includes('name=userns')) === true;
  return [
    ...(isRemapped ? ['--userns=host'] : []),
    ...(['btrfs', 'zfs'].includes(Driver) ? ['--volume', '/dev/mapper:/dev/mapper'] : []),
  ];
}

function containerdRuns(node: string): Wait<undefined> {
  return {
    for: `containerd to run in ${node}`,
    budgetMs: BOOT_BUDGET_MS,
    intervalMs: 200,
    look: async (signal) => {
      try {
        await docker(['exec', node, 'systemctl', 'is-active', 'containerd'], signal);
        return arrived(undefined);
      } catch (error) {
        return notYet(error instanceof ExplainedError ? error.explanation.observed : 'docker exec failed', error);
      }
    },
  };
}

const adminSchema = z.looseObject({
  clusters: z.tuple([z.looseObject({ cluster: z.looseObject({ server: z.string() }) })]),
});

/** Returns the cluster administrator's kubeconfig, with the API's port on this machine. */
export async function nodeKubeconfig(cluster: string, signal: AbortSignal): Promise<string> {
  const node = nodeName(cluster);
  const [{ stdout }, [server]] = await Promise.all([
    docker(['exec', node, 'cat', '/etc/kubernetes/admin.conf'], signal),
    dockerLines(['port', node, `${API_PORT}/tcp`], signal),
  ]);
  const config = adminSchema.parse(parse(stdout));
  config.clusters[0].cluster.server = `https://${server}`;
  return stringify(config);
}

/** Loads images of the daemon onto the node, unless the node already has them. */
export async function loadOntoNode(
  cluster: string,
  references: readonly string[],
  context: DockerContext,
  signal: AbortSignal,
): Promise<void> {
  const node = nodeName(cluster);
  const lacking = await Promise.all(
    references.map(async (reference) => ((await isOnNode(node, reference, signal)) ? [] : [reference])),
  );
  for (const reference of lacking.flat()) {
    const name = `image-${crypto.randomUUID()}.tar`;
    const here = join(context.session.folder('t'), name);
    const there = `/var/lib/${name}`;
    await using _removal = afterwards(() => rm(here, { force: true }));
    await docker(['save', '--output', here, reference], signal);
    await docker(['cp', here, `${node}:${there}`], signal);
    await docker(['exec', node, 'ctr', '--namespace=k8s.io', 'images', 'import', '--digests', there], signal);
    await docker(['exec', node, 'rm', there], signal);
  }
}

const onNodeSchema = z.object({ status: z.object({ id: z.string() }) });

async function isOnNode(node: string, reference: string, signal: AbortSignal): Promise<boolean> {
  const [id] = await dockerLines(['image', 'inspect', '--format', '{{.Id}}', reference], signal);
  try {
    const { stdout } = await docker(['exec', node, 'crictl', 'inspecti', '--output', 'json', reference], signal);
    return onNodeSchema.parse(JSON.parse(stdout)).status.id === id;
  } catch (error) {
    signal.throwIfAborted();
    // crictl exits other than 0 for a missing image.
    if (error instanceof ExplainedError) return false;
    throw error;
  }
}
