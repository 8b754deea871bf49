import { badManifest } from '../../manifests/documents.ts';
import type { RenderManifests } from '../../model/rendering.ts';
import { clusterTypeOf, requireOwn } from './cluster-types.ts';
import { NAMESPACE_PLACEHOLDER } from './generate.ts';
import type { ManifestObject } from './objects.ts';

/** What manifests declare, sorted into what the drill does with it. */
export interface Manifests {
  /** Labels and annotations for the drill's namespace, when the folder has a Namespace. */
  readonly namespace: ManifestObject | undefined;
  readonly definitions: readonly ManifestObject[];
  /** Objects of the whole cluster, named for the namespace. */
  readonly ofCluster: readonly ManifestObject[];
  /** Everything else: objects of the namespace. */
  readonly objects: readonly ManifestObject[];
}

export const noManifests: Manifests = { namespace: undefined, definitions: [], ofCluster: [], objects: [] };

/**
 * What a file, or a folder, of manifests declares.
 * @throws {ContractMistakeError} for what cannot be read, or cannot be drilled.
 */
export const renderedManifests = async (render: RenderManifests, path: string): Promise<Manifests> =>
  sortedManifests(await render(path), path);

/** @param objects what kubectl makes of the manifests. */
export function sortedManifests(objects: readonly ManifestObject[], path: string): Manifests {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  if (namespaces.length > 1) throw badManifest(path, 'one Namespace at most', `found ${namespaces.length}`);
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  const ofCluster = objects.filter((object) => clusterTypeOf(object, definitions) !== undefined);
  for (const object of ofCluster) requireOwn(object);
  const others = new Set([...namespaces, ...definitions, ...ofCluster]);
  const ofNamespace = objects.filter((object) => !others.has(object));
  requireOneNamespace(ofNamespace, path);
  return { namespace: namespaces[0], definitions, ofCluster, objects: ofNamespace };
}

/** A drill has one namespace. Brought into it, objects of a second one would be backed up that production's backup may leave out. */
function requireOneNamespace(objects: readonly ManifestObject[], path: string): void {
  const first = new Map<string, ManifestObject>();
  for (const object of objects) {
    const { namespace } = object.metadata;
    if (namespace === undefined || namespace.includes(NAMESPACE_PLACEHOLDER) || first.has(namespace)) continue;
    first.set(namespace, object);
  }
  if (first.size < 2) return;
  const found = [...first].map(([namespace, { kind, metadata }]) => `${kind} ${metadata.name} in ${namespace}`);
  throw badManifest(
    path,
    'objects of one namespace',
    `found ${found.join(', ')}`,
    undefined,
    'Name manifests of one namespace only, and write another contract for each other one.',
  );
}

/** @throws {ExplainedError} when there is no object of that kind and name. */
export function requireObject({ objects }: Manifests, kind: string, name: string, path: string): void {
  if (objects.some((object) => object.kind === kind && object.metadata.name === name)) return;
  throw badManifest(path, `a ${kind} ${name}`, 'it has none');
}
