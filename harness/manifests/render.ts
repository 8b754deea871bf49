import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import type { ManifestObject, RenderManifests } from '../model/rendering.ts';
import { platformPath } from '../process/platform-folder.ts';
import { runCommand } from '../process/run.ts';
import { ensureScratchRoot } from '../process/scratch.ts';
import { badManifest, objectsIn, readObjects } from './documents.ts';
import { requireLocal, type Source, sourcesOf } from './sources.ts';

/** Renders each path once, however many contracts name it. @param kubectl path of the program. */
export function manifestRenderer(kubectl: string, signal: AbortSignal): RenderManifests {
  const rendered = new Map<string, Promise<readonly ManifestObject[]>>();
  return async (path) => {
    const place = platformPath(path);
    const known = rendered.get(place) ?? renderManifests(kubectl, path, signal);
    rendered.set(place, known);
    return await known;
  };
}

/**
 * The objects that a file, or a folder, of manifests makes, rendered by `kubectl kustomize`: a kustomization as it is, and other files as the
 * resources of one. Those are read by the rules of `kubectl apply -f` before, because kustomize takes `no` for a text, and reads only
 * the first of several JSON values in a file.
 * @param kubectl path of the program.
 * @throws {ContractMistakeError} for what cannot be read, is no Kubernetes object, or is refused by kustomize, in its words.
 */
export async function renderManifests(
  kubectl: string,
  path: string,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const sources = sourcesOf(path);
  const plain = sources.filter(({ kind }) => kind === 'file');
  const parts = await Promise.all([
    ...sources.map(async (source) => (source.kind === 'file' ? [] : await rendered(kubectl, source, signal))),
    renderedFiles(kubectl, path, plain, signal),
  ]);
  return parts.flat();
}

async function rendered(
  kubectl: string,
  source: Extract<Source, { kind: 'kustomization' }>,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  requireLocal(source);
  const { folder } = source;
  return objectsIn(await kustomize(kubectl, folder, platformPath(folder), signal), source.path);
}

async function renderedFiles(
  kubectl: string,
  path: string,
  files: readonly Source[],
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const objects = lastOfEach(files.flatMap((file) => readObjects(file.path)));
  if (objects.length === 0) return [];
  await using folder = await temporaryFolder();
  const resource = 'objects.json';
  await writeFile(
    join(folder.path, resource),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    // Secrets are among them.
    { mode: 0o600 },
  );
  await writeFile(join(folder.path, 'kustomization.yaml'), JSON.stringify({ resources: [resource] }));
  return objectsIn(await kustomize(kubectl, path, folder.path, signal), path);
}

/** Of several objects of one name, kubectl apply leaves the last one; kustomize refuses them. */
function lastOfEach(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  const byName = new Map(
    objects.map((object) => {
      const { apiVersion, kind, metadata } = object;
      return [JSON.stringify([apiVersion, kind, metadata.namespace ?? 'default', metadata.name]), object] as const;
    }),
  );
  return [...byName.values()];
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(ensureScratchRoot(), 'manifests-'));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

/** What a command that ran to its end is said to have done; one that could not be started is no mistake in the manifests. */
const REFUSED = 'it exited';

/** @param named what a reader knows the folder by. */
async function kustomize(kubectl: string, named: string, folder: string, signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await runCommand(
      { name: `kubectl kustomize ${named}`, file: kubectl, args: ['kustomize', folder] },
      signal,
    );
    return stdout;
  } catch (error) {
    if (!(error instanceof ExplainedError) || !error.explanation.observed.startsWith(REFUSED)) throw error;
    throw badManifest(
      named,
      'manifests that kubectl kustomize renders',
      error.explanation.observed.replaceAll(`${folder}/`, '').replaceAll(folder, named),
      error,
      `Correct them until this succeeds: kubectl kustomize ${named}`,
    );
  }
}
