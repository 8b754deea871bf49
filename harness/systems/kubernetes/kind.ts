import { badManifest } from '../../manifests/documents.ts';
import { manifestRenderer } from '../../manifests/render.ts';
import { requireThere } from '../../manifests/sources.ts';
import type { WaysOf } from '../../model/access.ts';
import type { AssetKind, OpenAsset, OpenOptions } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import { preparable, type RenderManifests } from '../../model/rendering.ts';
import type { Capability } from '../../model/service.ts';
import type { Target } from '../../model/target.ts';
import { parseSizeBytes } from '../../model/units.ts';
import { NamespaceAsset } from './asset.ts';
import type { DrilledCluster } from './destruction.ts';
import { CONTROL_PLANE_LOST, disasters, REGION_LOST } from './disasters.ts';
import { type Manifests, noManifests, renderedManifests, requireObject } from './manifests.ts';
import { namesFor } from './names.ts';
import { type KubernetesNamespaceOptions, type ParsedOptions, parseOptions } from './options.ts';
import type { SeedPlan } from './seed.ts';
import { kubernetesRegions, ownKubernetes, sharedKubernetes } from './service.ts';
import type { VolumeOptions, VolumePlan } from './volumes/options.ts';

/**
 * A Kubernetes namespace with its configuration, Secrets and custom resources. On a target with nodes it also has volumes
 * and a running service. The content comes from a folder of manifests (from the platform's folder; rendered when a run is
 * prepared), from numbers of generated Secrets and ConfigMaps, from generated volumes, or from all of them.
 * @throws {ExplainedError} for an unknown option, or missing manifests.
 */
export function kubernetesNamespace(options: KubernetesNamespaceOptions): AssetKind<WaysOf<typeof disasters>> {
  const parsed = parseOptions(options);
  const { manifests: path } = parsed;
  if (path === undefined) return kindOf(parsed, noManifests);
  requireThere(path);
  const prepared = async (render: RenderManifests) => kindOf(parsed, await manifestsFor(path, parsed, render));
  const known: AssetKind<WaysOf<typeof disasters>> = {
    ...kindOf(parsed, undefined),
    open: async (opened) => {
      const kind = await prepared(manifestRenderer(opened.target.tool('kubectl'), opened.step.signal));
      return await kind.open(opened);
    },
  };
  return preparable(known, prepared);
}

/** @param known declarations of its manifests; undefined before they are rendered. */
function kindOf(parsed: ParsedOptions, known: Manifests | undefined): AssetKind<WaysOf<typeof disasters>> {
  const { manifests: path, service, accepts } = parsed;
  const volumes = parsed.volumes.map((volume) => planOf(volume, 1));
  return {
    system: 'kubernetes',
    description: describe(parsed),
    inScope: [
      'every object stored in the namespace, found by discovery, with labels and annotations',
      'the namespace itself, with labels and annotations',
      ...(known === undefined ? ['what its kustomization makes, as kubectl renders it'] : beyondNamespace(known)),
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
    reads: path === undefined ? [] : [path],
    disasters: accepts === undefined ? disasters : disasters.map((each) => ({ ...each, assures: ['acceptance'] })),
    protectedCount: (known === undefined ? 1 : countOf(known)) + parsed.secrets + parsed.configMaps + volumes.length,
    async open(openOptions) {
      const { disaster, scale } = openOptions;
      if (!disasters.some(({ name }) => name === disaster)) {
        throw new ExplainedError({
          thing: 'kubernetesNamespace',
          expected: `one of the disasters ${disasters.map(({ name }) => name).join(', ')}`,
          observed: `"${disaster}" was requested`,
          nextStep: 'Correct the name in the contract.',
        });
      }
      const scaled = (count: number) => Math.round(count * scale);
      const plan = {
        manifests: known ?? noManifests,
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

async function manifestsFor(path: string, parsed: ParsedOptions, render: RenderManifests): Promise<Manifests> {
  const manifests = await renderedManifests(render, path);
  requireService(manifests, parsed);
  if (countOf(manifests) > 0) return manifests;
  throw badManifest(path, 'objects of a namespace', 'it has none');
}

function requireService(manifests: Manifests, { manifests: path, service }: ParsedOptions): void {
  if (service !== undefined) requireObject(manifests, 'Service', service.name, path ?? 'of kubernetesNamespace(…)');
}

const countOf = ({ objects, definitions, ofCluster }: Manifests): number =>
  objects.length + definitions.length + ofCluster.length;

function beyondNamespace({ definitions, ofCluster }: Manifests): string[] {
  const named = ofCluster.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ');
  return [
    ...(definitions.length > 0
      ? [`custom resource definitions ${definitions.map(({ metadata }) => metadata.name).join(', ')}`]
      : []),
    ...(named === '' ? [] : [`of the whole cluster: ${named}`]),
  ];
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

/** Opens the namespace for one drill: on a shared control plane, or on a dedicated one if the disaster destroys it. */
async function openNamespace(plan: SeedPlan, options: OpenOptions): Promise<OpenAsset> {
  const { target, drillId, disaster, step } = options;
  const cluster = await clusterFor(disaster, target, `kubernetes-${drillId}`, step.signal);
  const names = namesFor(drillId, target.sessionId);
  const asset = new NamespaceAsset(plan, options, cluster, names);
  try {
    await asset.prepare(step);
    return asset;
  } catch (error) {
    await disposeAfter(error, asset);
    throw error;
  }
}

async function clusterFor(
  disaster: string,
  target: Target,
  label: string,
  signal: AbortSignal,
): Promise<DrilledCluster> {
  switch (disaster) {
    case CONTROL_PLANE_LOST:
      return { loses: 'control plane', place: await target.place(ownKubernetes, { label }, signal) };
    case REGION_LOST:
      return { loses: 'region', place: await target.place(kubernetesRegions, { label }, signal) };
    default:
      return { loses: 'namespace', place: await target.place(sharedKubernetes) };
  }
}

/** Disposes after a failure. A failed disposal is added to that failure and never replaces it. */
async function disposeAfter(error: unknown, asset: AsyncDisposable): Promise<void> {
  try {
    await asset[Symbol.asyncDispose]();
  } catch (disposalError) {
    throw new AggregateError([error, disposalError], 'opening failed, and so did the clean-up after it');
  }
}
