import { platformPath } from '../process/platform-folder.ts';
import { runCommand } from '../process/run.ts';
import { objectsIn, readObjects } from './documents.ts';
import type { ManifestObject } from './object.ts';
import { sourcesOf } from './sources.ts';

/**
 * The objects that a file, or a folder, of manifests declares, every kustomization rendered by `kubectl kustomize`. Wherever a target has
 * a kubectl, what it says is what is seeded and checked.
 * @param kubectl path of the program.
 * @throws {ExplainedError} for what cannot be read, is no Kubernetes object, or is refused by kustomize, in its words.
 */
export async function renderManifests(
  kubectl: string,
  path: string,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const objects: ManifestObject[] = [];
  for (const source of sourcesOf(path)) {
    if (source.kind === 'file') objects.push(...readObjects(source.path));
    else objects.push(...objectsIn(await kustomize(kubectl, source.folder, signal), source.path));
  }
  return objects;
}

async function kustomize(kubectl: string, folder: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await runCommand(
    {
      name: `kubectl kustomize ${folder}`,
      file: kubectl,
      args: ['kustomize', platformPath(folder)],
      nextStep: `Correct the kustomization until this succeeds: kubectl kustomize ${folder}`,
    },
    signal,
  );
  return stdout;
}
