import type { ShippedProvider } from '../../registered/first-contract.ts';
import type { Provider } from '../../registered/provider.ts';
import { namespaceFirstContract } from './first-contract.ts';
import { sharedKubernetes } from './service.ts';

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
    async values(target) {
      const { kubeconfigPath, veleroNamespace } = await target.place(sharedKubernetes);
      return { KUBECONFIG: kubeconfigPath, VELERO_NAMESPACE: veleroNamespace };
    },
  },
  typicalDrillS: 8,
  isShared: true,
  firstContract: namespaceFirstContract,
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
