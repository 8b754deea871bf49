import { badManifest } from '../../manifests/documents.ts';
import { readManifestsIfPlain } from '../../manifests/read.ts';
import { renderManifests } from '../../manifests/render.ts';
import type { Target } from '../../model/target.ts';
import { clusterTypeOf, requireOwn } from './cluster-types.ts';
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
 * What a file, or a folder, of manifests declares, as far as it can be known when a contract is defined.
 * @returns nothing for a kustomization that only kubectl can render.
 * @throws {ExplainedError} for what cannot be read, or cannot be drilled.
 */
export function manifestsAt(path: string): Manifests | undefined {
  const objects = readManifestsIfPlain(path);
  return objects === undefined ? undefined : sorted(objects, path);
}

/** The same, rendered by the target's own kubectl: what is seeded. */
export async function renderedManifests(
  target: Pick<Target, 'tool'>,
  path: string,
  signal: AbortSignal,
): Promise<Manifests> {
  return sorted(await renderManifests(target.tool('kubectl'), path, signal), path);
}

function sorted(objects: readonly ManifestObject[], path: string): Manifests {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  if (namespaces.length > 1) throw badManifest(path, 'one Namespace at most', `found ${namespaces.length}`);
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  const ofCluster = objects.filter((object) => clusterTypeOf(object, definitions) !== undefined);
  for (const object of ofCluster) requireOwn(object);
  const others = new Set([...namespaces, ...definitions, ...ofCluster]);
  return {
    namespace: namespaces[0],
    definitions,
    ofCluster,
    objects: objects.filter((object) => !others.has(object)),
  };
}

/** @throws {ExplainedError} when there is no object of that kind and name. */
export function requireObject({ objects }: Manifests, kind: string, name: string, path: string): void {
  if (objects.some((object) => object.kind === kind && object.metadata.name === name)) return;
  throw badManifest(path, `a ${kind} ${name}`, 'it has none');
}
