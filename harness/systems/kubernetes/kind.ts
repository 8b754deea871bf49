import type { AssetKind } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import { openNamespace } from './asset.ts';
import { disasters } from './disasters.ts';
import { noManifests, readManifests } from './manifests.ts';
import { type KubernetesNamespaceOptions, parseOptions } from './options.ts';

/**
 * A Kubernetes namespace with its configuration, Secrets and custom resources. The content comes from a folder of
 * manifests (relative to the working directory), from numbers of generated Secrets and ConfigMaps, or from both.
 * @throws {ExplainedError} for an unknown option, a folder that cannot be read, or a manifest that is not valid.
 */
export function kubernetesNamespace(options: KubernetesNamespaceOptions): AssetKind {
  const parsed = parseOptions(options);
  const manifests = parsed.manifests === undefined ? noManifests : readManifests(parsed.manifests);
  const protectedCount = manifests.objects.length + manifests.definitions.length + parsed.secrets + parsed.configMaps;
  return {
    system: 'kubernetes',
    description: describe(parsed.manifests, parsed.secrets, parsed.configMaps),
    inScope: [
      'every object stored in the namespace, found by discovery, with labels and annotations',
      'the namespace itself, with labels and annotations',
      ...(manifests.definitions.length > 0
        ? [`custom resource definitions ${manifests.definitions.map(({ metadata }) => metadata.name).join(', ')}`]
        : []),
    ],
    outOfScope: [
      'contents of persistent volumes',
      'running pods',
      'cluster-scoped objects other than the namespace and its custom resource definitions',
    ],
    needs: ['kubernetes', 'velero'],
    disasters,
    protectedCount,
    async open(openOptions) {
      const { disaster, scale } = openOptions;
      if (!disasters.some(({ name }) => name === disaster)) {
        throw new ExplainedError({
          thing: 'kubernetesNamespace',
          expected: `one of the disasters ${disasters.map(({ name }) => name).join(', ')}`,
          observed: `was asked for "${disaster}"`,
          nextStep: 'Correct the name in the contract.',
        });
      }
      const scaled = (count: number) => Math.round(count * scale);
      const plan = { manifests, secrets: scaled(parsed.secrets), configMaps: scaled(parsed.configMaps) };
      return await openNamespace(plan, openOptions);
    },
  };
}

function describe(folder: string | undefined, secrets: number, configMaps: number): string {
  const parts = [
    ...(folder === undefined ? [] : [`the manifests in ${folder}`]),
    ...(secrets > 0 ? [`${secrets} generated Secrets`] : []),
    ...(configMaps > 0 ? [`${configMaps} generated ConfigMaps`] : []),
  ];
  return `a Kubernetes namespace: ${parts.join(', ') || 'empty'}`;
}
