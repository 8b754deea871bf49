import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { summaryOf } from '../model/errors.ts';
import { platformPath } from '../process/platform-folder.ts';
import { badManifest, readSettings } from './documents.ts';

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

const paths = z.array(z.string()).nullish().catch(undefined);

/** The fields of a kustomization that name further ones. */
const schema = z
  .looseObject({
    resources: paths,
    bases: paths,
    components: paths,
    generators: paths,
    transformers: paths,
    validators: paths,
  })
  .catch({});

/** An address as kustomize takes it: `https://…`, `git@host:…`, `host.tld/…`, or anything with `?ref=`. */
const ADDRESS = /^[\w+.-]+:|^git@|\?(?:ref|version)=|^[\w-]+(?:\.[\w-]+)+\/\w/;

/**
 * Kustomize fetches what a kustomization names by an address. A run fetches nothing: what it drills would change from one day to the next.
 * @throws {ContractMistakeError} that names the address, and the file that it is in.
 */
export function requireLocal(
  { folder, path }: Extract<Source, { kind: 'kustomization' }>,
  above: ReadonlySet<string> = new Set(),
): void {
  const place = platformPath(folder);
  if (above.has(place)) return;
  const settings: unknown = readSettings(path) ?? {};
  for (const file of filesNamedIn(settings)) if (FETCHED.test(file)) throw fetched(path, folder, file);
  const read = schema.parse(settings);
  const { resources, bases, components, generators, transformers, validators } = read;
  for (const named of [resources, bases, components, generators, transformers, validators].flatMap(
    (all) => all ?? [],
  )) {
    // Written out in place.
    if (named.includes('\n')) continue;
    const inner = join(folder, named);
    if (!existsSync(platformPath(inner))) {
      if (ADDRESS.test(named)) throw fetched(path, folder, named);
      continue;
    }
    const [source] = sourcesOf(inner);
    if (source?.kind === 'kustomization') requireLocal(source, new Set([...above, place]));
  }
}

/** Kustomize reads a file by an address as well, wherever it reads one. `NAME=ADDRESS` in a generator. */
const FETCHED = /^(?:[^=]+=)?https?:\/\//;
const FILES = new Set(['path', 'files', 'env', 'envs', 'crds', 'configurations', 'patchesStrategicMerge']);

function filesNamedIn(value: unknown, isFile = false): readonly string[] {
  if (typeof value === 'string') return isFile ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((each) => filesNamedIn(each, isFile));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => filesNamedIn(each, FILES.has(key)));
}

const fetched = (path: string, folder: string, named: string) =>
  badManifest(
    path,
    'resources in local files beside it',
    `it names ${named}, which is elsewhere, and a run downloads nothing`,
    undefined,
    `Keep a copy beside it, or render it and name the file instead: kubectl kustomize ${folder} > rendered.yaml`,
  );
