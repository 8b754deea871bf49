import type { WaysOf } from '../../model/access.ts';
import type { AssetKind } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Capability } from '../../model/target.ts';
import { parseSizeBytes } from '../../model/units.ts';
import { disasters } from './disasters.ts';
import { noManifests, readManifests } from './manifests.ts';
import { openNamespace } from './open.ts';
import { type KubernetesNamespaceOptions, type ParsedOptions, parseOptions } from './options.ts';
import type { VolumeOptions, VolumePlan } from './volumes/options.ts';

/**
 * A Kubernetes namespace with its configuration, Secrets and custom resources, and where the target has nodes, with its volumes
 * and a service that runs in it. The content comes from a folder of manifests (relative to the working directory), from
 * numbers of generated Secrets and ConfigMaps, from generated volumes, or from all of them.
 * @throws {ExplainedError} for an unknown option, a folder that cannot be read, or a manifest that is not valid.
 */
export function kubernetesNamespace(options: KubernetesNamespaceOptions): AssetKind<WaysOf<typeof disasters>> {
  const parsed = parseOptions(options);
  const manifests = parsed.manifests === undefined ? noManifests : readManifests(parsed.manifests);
  const { service, accepts } = parsed;
  if (
    service !== undefined &&
    !manifests.objects.some(({ kind, metadata }) => kind === 'Service' && metadata.name === service.name)
  ) {
    throw new ExplainedError({
      thing: `service ${service.name} of kubernetesNamespace(…)`,
      expected: `a Service of that name in ${parsed.manifests ?? 'a folder of manifests'}`,
      observed: 'there is none',
      nextStep: 'Correct the name in the contract, or the manifests.',
    });
  }
  const volumes = parsed.volumes.map((volume) => planOf(volume, 1));
  return {
    system: 'kubernetes',
    description: describe(parsed),
    inScope: [
      'every object stored in the namespace, found by discovery, with labels and annotations',
      'the namespace itself, with labels and annotations',
      ...(manifests.definitions.length > 0
        ? [`custom resource definitions ${manifests.definitions.map(({ metadata }) => metadata.name).join(', ')}`]
        : []),
      ...(manifests.ofCluster.length > 0
        ? [
            `of the whole cluster: ${manifests.ofCluster.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ')}`,
          ]
        : []),
      ...volumes.map(
        ({ name }) => `files, folders and links of volume ${name}, with owner, permissions, times and content`,
      ),
      ...(service === undefined ? [] : [`what service ${service.name} answers from outside`]),
      ...(accepts === undefined ? [] : [`acceptance by ${accepts.description}`]),
    ],
    outOfScope: [
      volumes.length > 0 ? 'contents of other persistent volumes' : 'contents of persistent volumes',
      volumes.length > 0 || service !== undefined ? 'memory and scratch space of pods' : 'running pods',
      'cluster-scoped objects other than the namespace and what its manifests bring along',
    ],
    needs: needsOf(parsed),
    disasters: accepts === undefined ? disasters : disasters.map((each) => ({ ...each, assures: ['acceptance'] })),
    protectedCount:
      manifests.objects.length +
      manifests.definitions.length +
      manifests.ofCluster.length +
      parsed.secrets +
      parsed.configMaps +
      volumes.length,
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
      const plan = {
        manifests,
        secrets: scaled(parsed.secrets),
        configMaps: scaled(parsed.configMaps),
        volumes: parsed.volumes.map((volume) => planOf(volume, scale)),
        service,
        accepts,
      };
      return await openNamespace(plan, openOptions);
    },
  };
}

function needsOf({ volumes, service }: ParsedOptions): readonly Capability[] {
  const pods: readonly Capability[] = volumes.length > 0 || service !== undefined ? ['pods'] : [];
  return ['kubernetes', 'velero', ...pods, ...(volumes.length > 0 ? (['volumes'] as const) : [])];
}

function planOf(volume: VolumeOptions, scale: number): VolumePlan {
  const { name, files, largest, storage, storageClass, image, beforeBackup } = volume;
  const largestBytes = parseSizeBytes(largest, `volume ${name}, largest`) * scale;
  return { name, files: files * scale, largestBytes, storage, storageClass, image, beforeBackup };
}

function describe({ manifests, secrets, configMaps, volumes, service }: ParsedOptions): string {
  const parts = [
    ...(manifests === undefined ? [] : [`the manifests in ${manifests}`]),
    ...(secrets > 0 ? [`${secrets} generated Secrets`] : []),
    ...(configMaps > 0 ? [`${configMaps} generated ConfigMaps`] : []),
    ...volumes.map(({ name, files }) => `volume ${name} (${files.toLocaleString('en-GB')} files)`),
    ...(service === undefined ? [] : [`service ${service.name}`]),
  ];
  return `a Kubernetes namespace: ${parts.join(', ') || 'empty'}`;
}
