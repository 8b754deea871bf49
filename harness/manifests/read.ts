import { readObjects } from './documents.ts';
import { BeyondReadingError, readKustomization } from './kustomization.ts';
import type { ManifestObject } from './object.ts';
import { sourcesOf } from './sources.ts';

/**
 * The objects that a file, or a folder, of manifests declares, read without kubectl: for what has to be known when a contract is
 * defined, such as when a CronJob runs.
 * @throws {BeyondReadingError} for a kustomization that only kubectl can render; ExplainedError for what cannot be read, is no
 * Kubernetes object, or is refused by kustomize, too.
 */
export function readManifests(path: string): readonly ManifestObject[] {
  return sourcesOf(path).flatMap((source) =>
    source.kind === 'file' ? readObjects(source.path) : readKustomization(source),
  );
}

/** As {@link readManifests}; nothing where only kubectl knows. */
export function readManifestsIfPlain(path: string): readonly ManifestObject[] | undefined {
  try {
    return readManifests(path);
  } catch (error) {
    if (error instanceof BeyondReadingError) return undefined;
    throw error;
  }
}
