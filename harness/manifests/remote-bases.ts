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
  const read = schema.parse(readSettings(path) ?? {});
  const { resources, bases, components, generators, transformers, validators } = read;
  for (const named of [resources, bases, components, generators, transformers, validators].flatMap(
    (all) => all ?? [],
  )) {
    const inner = join(folder, named);
    if (!existsSync(platformPath(inner))) {
      if (ADDRESS.test(named)) throw fetched(path, folder, named);
      continue;
    }
    const [source] = sourcesOf(inner);
    if (source?.kind === 'kustomization') requireLocal(source, new Set([...above, place]));
  }
}

const fetched = (path: string, folder: string, named: string) =>
  badManifest(
    path,
    'resources that lie beside it',
    `it names ${named}, which lies elsewhere, and a run fetches nothing`,
    undefined,
    `Keep a copy beside it, or render it and name the file instead: kubectl kustomize ${folder} > rendered.yaml`,
  );
