import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { filledCniManifest } from './cni-manifest.ts';
import { kubeadmConfig } from './kubeadm-config.ts';

const facts = { cluster: 'dr-x-shared', node: 'dr-x-shared-control-plane', address: '172.18.0.2' };
const documentsOf = (text: string) => parseAllDocuments(text).map((document) => document.toJS());

describe('the configuration of a node that is made without kind', () => {
  it.each([
    ['v1.30.9', 'kubeadm.k8s.io/v1beta3', { 'node-ip': '172.18.0.2' }],
    ['v1.34.4', 'kubeadm.k8s.io/v1beta4', [{ name: 'node-ip', value: '172.18.0.2' }]],
  ])('is written in the form that the kubeadm of %s reads', (kubernetesVersion, apiVersion, nodeIp) => {
    const [cluster, init] = documentsOf(kubeadmConfig({ ...facts, kubernetesVersion }));
    expect(cluster).toMatchObject({ apiVersion, kind: 'ClusterConfiguration', kubernetesVersion });
    expect(init).toMatchObject({ apiVersion, nodeRegistration: { taints: [] } });
    const args = init.nodeRegistration.kubeletExtraArgs;
    expect(Array.isArray(nodeIp) ? args.slice(0, 1) : { 'node-ip': args['node-ip'] }).toEqual(nodeIp);
  });
});

describe('the network manifest of a node image', () => {
  it('is applied as it is where it asks for nothing', () => {
    expect(filledCniManifest('kind: ConfigMap\n', 'node:6443')).toBe('kind: ConfigMap\n');
  });

  it('gets the range of pods and the address of the API server where it asks for them', () => {
    const manifest = `# would you kindly template this file
# would you kindly patch this file
kind: ServiceAccount
---
kind: DaemonSet
spec:
  template:
    spec:
      containers:
      - name: kindnet-cni
        env:
        - {name: POD_SUBNET, value: "{{ .PodSubnet }}"}
`;
    const [account, daemonSet] = documentsOf(filledCniManifest(manifest, 'node:6443'));
    expect(account).toEqual({ kind: 'ServiceAccount' });
    expect(daemonSet.spec.template.spec.containers).toEqual([
      {
        name: 'kindnet-cni',
        env: [
          { name: 'POD_SUBNET', value: '10.244.0.0/16' },
          { name: 'CONTROL_PLANE_ENDPOINT', value: 'node:6443' },
        ],
      },
    ]);
  });
});
