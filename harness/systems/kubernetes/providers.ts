import type { ShippedProvider } from '../../registered/first-contract.ts';
import type { Provider } from '../../registered/provider.ts';
import { namespaceFirstContract } from './first-contract.ts';

const NODE_IMAGE = 'kind-node';

export const kubernetesProvider: ShippedProvider = {
  capability: 'kubernetes',
  needs: [],
  suppliedBy: {
    local: { tools: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] },
    // Every cluster of this target has nodes.
    docker: { tools: ['kubectl'], images: [NODE_IMAGE], brings: ['pods', 'volumes'] },
  },
  images: { [NODE_IMAGE]: 'kindest/node:v1.34.4' },
  addresses: {
    variables: 'KUBECONFIG and VELERO_NAMESPACE',
    signs: /\b(KUBECONFIG|VELERO_NAMESPACE)\b|\b(kubectl|velero|helm)\s|localhost:8080/,
  },
  typicalDrillS: 8,
  isShared: true,
  firstContract: namespaceFirstContract,
};

export const veleroProvider: Provider = {
  capability: 'velero',
  needs: ['kubernetes', 's3'],
  suppliedBy: {
    local: { tools: ['velero', 'velero-plugin-for-aws'] },
    docker: { tools: ['velero'], images: ['velero', 'velero-plugin-for-aws'] },
  },
  images: {
    velero: 'velero/velero:v1.18.3',
    'velero-plugin-for-aws': 'velero/velero-plugin-for-aws:v1.14.3',
  },
  typicalDrillS: 8,
  isShared: true,
};

/** Returns a provider. Pods and volumes need nodes, which the local target's Kubernetes API lacks. */
const ofNodes = (capability: string): Provider => ({
  capability,
  needs: ['kubernetes'],
  suppliedBy: { docker: { tools: ['kubectl'], images: [NODE_IMAGE] } },
  typicalDrillS: 20,
  isShared: true,
});

export const podsProvider = ofNodes('pods');
export const volumesProvider = ofNodes('volumes');
