import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { platformPath } from '../process/platform-folder.ts';
import { badManifest, readSettings } from './documents.ts';
import { type Source, sourcesOf } from './sources.ts';

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
    'resources that lie beside it',
    `it names ${named}, which lies elsewhere, and a run fetches nothing`,
    undefined,
    `Keep a copy beside it, or render it and name the file instead: kubectl kustomize ${folder} > rendered.yaml`,
  );
