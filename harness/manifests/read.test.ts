import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BeyondReadingError } from './kustomization.ts';
import { readManifests, readManifestsIfPlain } from './read.ts';
import { folderWith } from './testing/case-folder.ts';
import { kustomizeCases } from './testing/kustomize-cases.ts';

const namesIn = (path: string) => readManifests(path).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

describe('a folder with a kustomization', () => {
  it('B19: is what the kustomization says, not what lies there', () => {
    using folder = folderWith({
      'kustomization.yaml': 'resources: [used.yaml]\n',
      'used.yaml': configMap('used'),
      'unused.yaml': configMap('unused'),
      'attic/old.yaml': configMap('old'),
    });
    expect(namesIn(folder.path)).toEqual(['ConfigMap/used']);
  });

  it('B19: leads to its base', () => {
    using folder = folderWith({
      'base/kustomization.yaml': 'resources: [deployment.yaml, secret.yaml]\n',
      'base/deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: shop }\n',
      'base/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: shop }\n',
      'production/kustomization.yaml': 'namespace: shop\nresources: [../base, settings.yaml]\n',
      'production/settings.yaml': configMap('settings'),
    });
    const objects = readManifests(join(folder.path, 'production'));
    expect(objects.map(({ kind }) => kind)).toEqual(['Deployment', 'Secret', 'ConfigMap']);
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['shop']));
  });

  it.each(kustomizeCases)('$what: $reading', ({ files, reading }) => {
    using folder = folderWith(files);
    const path = join(folder.path, 'top');
    if (reading === 'read') expect(readManifests(path)).not.toEqual([]);
    else if (reading === 'beyond') {
      expect(() => readManifests(path)).toThrow(BeyondReadingError);
      expect(readManifestsIfPlain(path)).toBeUndefined();
    } else {
      expect(() => readManifests(path)).toThrow(/^manifests /);
      expect(() => readManifestsIfPlain(path)).toThrow(/^manifests /);
    }
  });

  it('B36: what is beyond reading says how to go on', () => {
    using folder = folderWith({
      'kustomization.yaml': 'resources: [a.yaml]\ncommonLabels: { app: web }\n',
      'a.yaml': configMap('a'),
    });
    expect(() => readManifests(folder.path)).toThrow(
      /commonLabels.*name the file instead of the folder: kubectl kustomize .* > rendered\.yaml/,
    );
  });

  it('fetches nothing by itself', () => {
    using folder = folderWith({ 'kustomization.yaml': 'resources: ["github.com/acme/base?ref=v1"]\n' });
    expect(() => readManifests(folder.path)).toThrow(/lies elsewhere/);
  });
});

describe('a folder without a kustomization', () => {
  it('is every manifest below it, folders with a kustomization as these say', () => {
    using folder = folderWith({
      'a.yaml': configMap('a'),
      'b.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}',
      'c/kustomization.yaml': 'resources: [c.yaml]\n',
      'c/c.yaml': configMap('c'),
      'c/unused.yaml': configMap('unused'),
      'readme.md': '# no manifest',
    });
    expect(namesIn(folder.path)).toEqual(['ConfigMap/a', 'ConfigMap/b', 'ConfigMap/c']);
  });

  it('a List is its items', () => {
    using folder = folderWith({
      'dump.yaml': `apiVersion: v1\nkind: List\nmetadata: { resourceVersion: "" }\nitems:\n- ${configMap('a').replaceAll('\n', '\n  ')}\n`,
    });
    expect(namesIn(join(folder.path, 'dump.yaml'))).toEqual(['ConfigMap/a']);
  });
});

it('a character that ends a line for kubectl alone is refused', () => {
  using folder = folderWith({ 'a.yaml': `${configMap('a')}data:\n  k: |\n    a\u2028    b\n` });
  expect(() => readManifests(folder.path)).toThrow('U+2028');
});
