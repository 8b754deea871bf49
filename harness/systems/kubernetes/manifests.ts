import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { badManifest, readDocuments } from '../../manifests/documents.ts';
import { summaryOf } from '../../model/errors.ts';
import { platformPath } from '../../process/platform-folder.ts';
import { isClusterScoped } from './cluster-objects.ts';
import { generatedBy, isKustomization } from './kustomization.ts';
import { type ManifestObject, manifestObject } from './objects.ts';

/** What a folder of manifests declares, sorted into what the drill does with it. */
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
 * Reads every `*.yaml` and `*.yml` below the folder, in the order of their paths.
 * @throws {ExplainedError} for a folder or file that cannot be read, or a document that is no Kubernetes object.
 */
export function readManifests(folder: string): Manifests {
  const objects = manifestFiles(folder).flatMap(readManifestFile);
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  if (namespaces.length > 1) {
    throw badManifest(folder, 'one Namespace at most', `found ${namespaces.length}`);
  }
  return {
    namespace: namespaces[0],
    definitions: objects.filter(({ kind }) => kind === 'CustomResourceDefinition'),
    ofCluster: objects.filter(isClusterScoped),
    objects: objects.filter(
      (object) => object.kind !== 'Namespace' && object.kind !== 'CustomResourceDefinition' && !isClusterScoped(object),
    ),
  };
}

function manifestFiles(folder: string): string[] {
  try {
    return readdirSync(platformPath(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    throw badManifest(folder, 'a folder of manifests', summaryOf(error), error);
  }
}

function readManifestFile(path: string): ManifestObject[] {
  return readDocuments(path).flatMap((value) => {
    if (isKustomization(value)) {
      try {
        return generatedBy(value, dirname(path));
      } catch (error) {
        const observed = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : summaryOf(error);
        throw badManifest(path, 'a kustomization that only makes ConfigMaps from files', observed, error);
      }
    }
    const object = manifestObject.safeParse(value);
    if (object.success) return [object.data];
    const observed = z.prettifyError(object.error).replaceAll('\n', ' ');
    throw badManifest(path, 'Kubernetes objects with apiVersion, kind and metadata.name', observed, object.error);
  });
}
