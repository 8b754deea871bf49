/** kind's own: its CNI manifest expects this range. */
export const POD_SUBNET = '10.244.0.0/16';
const SERVICE_SUBNET = '10.96.0.0/16';
/** On the docker network; docker chooses the port on this machine. */
export const API_PORT = 6_443;

export interface NodeFacts {
  readonly cluster: string;
  /** Name of the container, and also of the node. */
  readonly node: string;
  /** IP address on the docker network. */
  readonly address: string;
  /** Version in the node image, e.g. `v1.34.4`. */
  readonly kubernetesVersion: string;
}

/**
 * Returns kubeadm's configuration for a one-node cluster in a container of kind's node image, as YAML documents. The values are those of
 * kind 0.33 (its `kubeadm` package): a kubelet in a container must not act on the disk of the machine, and must not set its kernel's
 * limits.
 */
export function kubeadmConfig({ cluster, node, address, kubernetesVersion }: NodeFacts): string {
  const [apiVersion, argumentsOf] = formOf(kubernetesVersion);
  const documents = [
    {
      apiVersion,
      kind: 'ClusterConfiguration',
      kubernetesVersion,
      clusterName: cluster,
      controlPlaneEndpoint: `${node}:${API_PORT}`,
      apiServer: { certSANs: ['localhost', '127.0.0.1'] },
      controllerManager: { extraArgs: argumentsOf({ 'enable-hostpath-provisioner': 'true' }) },
      networking: { podSubnet: POD_SUBNET, serviceSubnet: SERVICE_SUBNET },
    },
    {
      apiVersion,
      kind: 'InitConfiguration',
      localAPIEndpoint: { advertiseAddress: address, bindPort: API_PORT },
      nodeRegistration: {
        criSocket: 'unix:///run/containerd/containerd.sock',
        // The only node also runs the pods.
        taints: [],
        kubeletExtraArgs: argumentsOf({ 'node-ip': address, 'provider-id': `kind://docker/${cluster}/${node}` }),
      },
      // Preflight would pull images; the node image already contains those that the node needs.
      skipPhases: ['preflight'],
    },
    {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      cgroupDriver: 'systemd',
      cgroupRoot: '/kubelet',
      failSwapOn: false,
      imageGCHighThresholdPercent: 100,
      evictionHard: { 'nodefs.available': '0%', 'nodefs.inodesFree': '0%', 'imagefs.available': '0%' },
    },
    {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'iptables',
      iptables: { minSyncPeriod: '1s' },
      conntrack: { maxPerCore: 0 },
    },
  ];
  return documents.map((document) => JSON.stringify(document, undefined, 2)).join('\n---\n');
}

type ArgumentsOf = (values: Readonly<Record<string, string>>) => unknown;

/**
 * Returns the API version and the form of arguments. kubeadm 1.31 brought `v1beta4`, in which arguments are a list; it has read `v1beta3`
 * since 1.22.
 */
function formOf(kubernetesVersion: string): readonly [string, ArgumentsOf] {
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion)?.[1]);
  return minor < 31
    ? ['kubeadm.k8s.io/v1beta3', (values) => values]
    : ['kubeadm.k8s.io/v1beta4', (values) => Object.entries(values).map(([name, value]) => ({ name, value }))];
}
