import type { ManifestObject } from './manifest-object.ts';

/**
 * The objects that a file, or a folder, of manifests makes, as `kubectl kustomize` renders them; fields that are null are left out. A path
 * is rendered once a run.
 * @throws {ContractMistakeError} for what cannot be read, or is refused by kubectl, in its words.
 */
export type RenderManifests = (path: string) => Promise<readonly ManifestObject[]>;
