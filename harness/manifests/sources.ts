import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { summaryOf } from '../model/errors.ts';
import { platformPath } from '../process/platform-folder.ts';
import { badManifest } from './documents.ts';

/** What lies at a path: a file of objects, or a folder that says by a kustomization what belongs to it. */
export type Source =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'kustomization'; readonly folder: string; readonly path: string };

/** The names under which kustomize looks for one. */
export const KUSTOMIZATIONS: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * Where the objects of a file, or a folder, of manifests come from. A folder with a kustomization is what that says; of any other one,
 * every `*.yaml`, `*.yml` and `*.json` below it, in the order of their paths, as `kubectl apply --recursive` reads it.
 * @throws {ContractMistakeError} for what cannot be read.
 */
export function sourcesOf(path: string): readonly Source[] {
  try {
    if (!statSync(platformPath(path)).isDirectory()) {
      return KUSTOMIZATIONS.includes(basename(path))
        ? [{ kind: 'kustomization', folder: dirname(path), path }]
        : [{ kind: 'file', path }];
    }
    const entries = readdirSync(platformPath(path), { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const found = entries.filter(({ name }) => KUSTOMIZATIONS.includes(name)).map(({ name }) => name);
    const [kustomization, another] = found;
    if (another !== undefined) throw badManifest(path, 'one kustomization', `found ${found.join(' and ')}`);
    if (kustomization !== undefined) {
      return [{ kind: 'kustomization', folder: path, path: join(path, kustomization) }];
    }
    return entries.flatMap((entry) => {
      const inner = join(path, entry.name);
      if (entry.isDirectory() || (entry.isSymbolicLink() && statSync(platformPath(inner)).isDirectory()))
        return sourcesOf(inner);
      return /\.(?:ya?ml|json)$/.test(entry.name) ? [{ kind: 'file' as const, path: inner }] : [];
    });
  } catch (error) {
    if (error instanceof Error && 'explanation' in error) throw error;
    throw badManifest(path, 'a file or a folder of manifests', summaryOf(error), error);
  }
}

/** @throws {ContractMistakeError} when nothing lies there. */
export function requireThere(path: string): void {
  try {
    statSync(platformPath(path));
  } catch (error) {
    throw badManifest(path, 'a file or a folder of manifests', summaryOf(error), error);
  }
}
