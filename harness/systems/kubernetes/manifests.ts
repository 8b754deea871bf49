import { badManifest } from '../../manifests/documents.ts';
import { renderManifests } from '../../manifests/render.ts';
import type { ManifestObject } from './objects.ts';

/** What a folder of manifests declares, sorted into what the drill does with it. */
export interface Manifests {
  /** Labels and annotations for the drill's namespace, when the folder has a Namespace. */
  readonly namespace: ManifestObject | undefined;
  readonly definitions: readonly ManifestObject[];
  /** Everything else: objects of the namespace. */
  readonly objects: readonly ManifestObject[];
}

export const noManifests: Manifests = { namespace: undefined, definitions: [], objects: [] };

/**
 * Reads a folder of manifests, or a file.
 * @throws {ExplainedError} for a folder or file that cannot be read, or a document that is no Kubernetes object.
 */
export function readManifests(folder: string): Manifests {
  const objects = renderManifests(folder);
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  if (namespaces.length > 1) {
    throw badManifest(folder, 'one Namespace at most', `found ${namespaces.length}`);
  }
  return {
    namespace: namespaces[0],
    definitions: objects.filter(({ kind }) => kind === 'CustomResourceDefinition'),
    objects: objects.filter(({ kind }) => kind !== 'Namespace' && kind !== 'CustomResourceDefinition'),
  };
}
