import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedTarget } from '../testing/shared-target.ts';
import type { ManifestObject } from './object.ts';
import { readManifests } from './read.ts';
import { renderManifests } from './render.ts';
import { folderWith } from './testing/case-folder.ts';
import { kustomizeCases } from './testing/kustomize-cases.ts';

const kubectl = sharedTarget().tool('kubectl');
const never = new AbortController().signal;

/** In one order, and without the hash of generated names, which is left out where every reference gets the same one. */
function comparable(objects: readonly ManifestObject[]): readonly string[] {
  return objects
    .map((object) => {
      const name = object.metadata.name.replace(/-[a-z0-9]{10}$/, '');
      return JSON.stringify(sorted({ ...object, metadata: { ...object.metadata, name } }));
    })
    .toSorted();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

describe('what is read without kubectl is what kubectl kustomize says', () => {
  it.each(kustomizeCases.filter(({ reading }) => reading === 'read'))('B19: $what', async ({ files }) => {
    using folder = folderWith(files);
    const path = join(folder.path, 'top');
    expect(comparable(readManifests(path))).toEqual(comparable(await renderManifests(kubectl, path, never)));
  });

  it.each(kustomizeCases.filter(({ reading }) => reading === 'beyond'))(
    'B36: where a kubectl is, it renders what is beyond reading: $what',
    async ({ files }) => {
      using folder = folderWith(files);
      expect(await renderManifests(kubectl, join(folder.path, 'top'), never)).not.toEqual([]);
    },
  );

  it.each(kustomizeCases.filter(({ reading }) => reading === 'refused'))('both refuse $what', async ({ files }) => {
    using folder = folderWith(files);
    const path = join(folder.path, 'top');
    expect(() => readManifests(path)).toThrow();
    await expect(renderManifests(kubectl, path, never)).rejects.toThrow();
  });

  it.each(['api', 'bucket-copy', 'configuration', 'dashboards', 'nats', 'nats-backup', 'observability', 'velero'])(
    "the platform's %s",
    async (name) => {
      const path = `fixtures/platform/manifests/${name}`;
      expect(comparable(readManifests(path))).toEqual(comparable(await renderManifests(kubectl, path, never)));
    },
  );

  it('whatever a kustomization is put together of', async () => {
    const word = fc.constantFrom('a', 'b', 'web', 'x1');
    const text = fc.oneof(fc.constantFrom('"q"', "'q", '1e3', 'no', '0400', 'a=b', ' ', '# x', '{}', '€'), word);
    const image = fc.constantFrom(
      'web',
      'web:1',
      'r:5000/web',
      'r:5000/web:1',
      'web@sha256:aa',
      'web:1@sha256:aa',
      'webx',
    );
    const kustomization = fc.record({
      namespace: fc.option(fc.constantFrom('prod', 'dev'), { nil: undefined }),
      literals: fc.dictionary(word, text, { maxKeys: 3 }),
      secrets: fc.dictionary(word, text, { maxKeys: 2 }),
      images: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom('web', 'r:5000/web'),
          newName: fc.option(fc.constantFrom('other/web', 'web'), { nil: undefined }),
          newTag: fc.option(fc.constantFrom('2', 'v3'), { nil: undefined }),
          digest: fc.option(fc.constant('sha256:bb'), { nil: undefined }),
        }),
        { selector: ({ name }) => name, maxLength: 2 },
      ),
      used: fc.array(image, { minLength: 1, maxLength: 3 }),
      data: fc.dictionary(word, text, { maxKeys: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(kustomization, async ({ namespace, literals, secrets, images, used, data }) => {
        const pairs = (entries: Readonly<Record<string, string>>) =>
          Object.entries(entries).map(([key, value]) => `${key}=${value}`);
        using folder = folderWith({
          // JSON is YAML, and needs no quoting of its own.
          'top/kustomization.yaml': JSON.stringify({
            ...(namespace === undefined ? {} : { namespace }),
            resources: ['objects.json'],
            configMapGenerator: [{ name: 'made', literals: pairs(literals) }],
            secretGenerator: [{ name: 'hidden', literals: pairs(secrets) }],
            images,
          }),
          'top/objects.json': JSON.stringify({
            apiVersion: 'v1',
            kind: 'List',
            items: [
              { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plain', namespace: 'here' }, data },
              {
                apiVersion: 'apps/v1',
                kind: 'Deployment',
                metadata: { name: 'web' },
                spec: {
                  template: { spec: { containers: used.map((each, index) => ({ name: `c${index}`, image: each })) } },
                },
              },
            ],
          }),
        });
        const path = join(folder.path, 'top');
        expect(comparable(readManifests(path))).toEqual(comparable(await renderManifests(kubectl, path, never)));
      }),
      { numRuns: 40 },
    );
  });
});
