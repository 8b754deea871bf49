import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { platformPath } from '../process/platform-folder.ts';
import { badManifest, readDocuments } from './documents.ts';
import { isKustomization, type Kustomization, parseKustomization, transformed } from './kustomization.ts';
import { type ManifestObject, manifestObject } from './object.ts';

const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * The objects that a file, or a folder, of manifests declares. A folder with a kustomization is read as it says; of any other one, every
 * `*.yaml` and `*.yml` below it, in the order of their paths.
 * @throws {ExplainedError} for what cannot be read, is no Kubernetes object, or is a kustomization that asks for more than is understood.
 */
export function renderManifests(path: string): readonly ManifestObject[] {
  try {
    return statSync(platformPath(path)).isDirectory() ? renderFolder(path) : renderFile(path);
  } catch (error) {
    if (error instanceof ExplainedError) throw error;
    throw badManifest(path, 'a file or a folder of manifests', summaryOf(error), error);
  }
}

function renderFolder(folder: string): ManifestObject[] {
  const entries = readdirSync(platformPath(folder), { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const kustomization = entries.find(({ name }) => KUSTOMIZATIONS.includes(name));
  if (kustomization !== undefined) return renderKustomization(folder, join(folder, kustomization.name));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return renderFolder(path);
    return /\.ya?ml$/.test(entry.name) ? renderFile(path) : [];
  });
}

function renderKustomization(folder: string, path: string): ManifestObject[] {
  const [document] = readDocuments(path);
  let kustomization: Kustomization;
  let generated: readonly ManifestObject[];
  try {
    ({ kustomization, generated } = parseKustomization(document, folder));
  } catch (error) {
    const observed = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : summaryOf(error);
    throw new ExplainedError(
      {
        thing: `manifests ${path}`,
        expected: 'a kustomization of resources, generators, images and a namespace',
        observed,
        nextStep: `For anything more, render it and name the file: kubectl kustomize ${folder} > rendered.yaml`,
      },
      { cause: error },
    );
  }
  const resources = kustomization.resources.flatMap((resource) => renderManifests(join(folder, resource)));
  return [...resources, ...generated].map((object) => transformed(object, kustomization));
}

function renderFile(path: string): ManifestObject[] {
  return readDocuments(path).flatMap((value) => {
    if (isKustomization(value)) return [];
    const object = manifestObject.safeParse(value);
    if (object.success) return [object.data];
    const observed = z.prettifyError(object.error).replaceAll('\n', ' ');
    throw badManifest(path, 'Kubernetes objects with apiVersion, kind and metadata.name', observed, object.error);
  });
}
