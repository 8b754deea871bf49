import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestObject, RenderManifests } from '../../model/rendering.ts';
import { platformPath } from '../../process/platform-folder.ts';
import { readObjects } from '../documents.ts';
import { KUSTOMIZATIONS, sourcesOf } from '../sources.ts';

/** The files below a path, read without kubectl: for tests of what is made of objects, which say nothing of rendering. */
export const plainObjects = (path: string): readonly ManifestObject[] =>
  sourcesOf(path)
    .flatMap((source) =>
      source.kind === 'file'
        ? [source.path]
        : readdirSync(platformPath(source.folder))
            .filter((name) => name.endsWith('.yaml') && !KUSTOMIZATIONS.includes(name))
            .toSorted()
            .map((name) => join(source.folder, name)),
    )
    .flatMap(readObjects);

export const plainManifests: RenderManifests = async (path) => plainObjects(path);
