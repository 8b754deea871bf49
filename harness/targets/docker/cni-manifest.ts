import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { POD_SUBNET } from './kubeadm-config.ts';

const daemonSetSchema = z.looseObject({
  kind: z.literal('DaemonSet'),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ env: z.array(z.unknown()).optional() })).min(1) }),
    }),
  }),
});

/**
 * Returns the network manifest of a node image as kind applies it: its comments name the values to fill in.
 * @param endpoint `host:port` of the API server on the docker network.
 */
export function filledCniManifest(manifest: string, endpoint: string): string {
  const filled = manifest.includes('would you kindly template this file')
    ? manifest.replaceAll(/\{\{\s*\.PodSubnet\s*\}\}/g, POD_SUBNET)
    : manifest;
  if (!manifest.includes('would you kindly patch this file')) return filled;
  // With it, kindnet reaches the API server before kube-proxy does.
  const variable = { name: 'CONTROL_PLANE_ENDPOINT', value: endpoint };
  const documents = parseAllDocuments(filled).map((document): unknown => {
    const content: unknown = document.toJS();
    const daemonSet = daemonSetSchema.safeParse(content);
    if (!daemonSet.success) return content;
    const [first] = daemonSet.data.spec.template.spec.containers;
    if (first !== undefined) first.env = [...(first.env ?? []), variable];
    return daemonSet.data;
  });
  return documents.map((document) => stringify(document)).join('---\n');
}
