import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imagesOf } from './images.ts';
import { readManifests } from './manifests.ts';

test('ConfigMaps that a kustomization makes from files are read like any other object', () => {
  const { objects, namespace } = readManifests('fixtures/platform/manifests/api');
  const source = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'api-source');
  expect(source).toMatchObject({
    metadata: { labels: { 'app.kubernetes.io/name': 'api' } },
    data: { 'server.mjs': expect.stringContaining('createServer') },
  });
  expect(namespace?.metadata.name).toBe('kgents-api');
  expect(imagesOf(objects)).toEqual(['nats:2.15.2', 'node:24-bookworm-slim']);
});

test.each([
  ['namePrefix: staging-', /Unrecognized key.*namePrefix/],
  ['configMapGenerator: [{ name: a, files: [not-there.txt] }]', /not-there\.txt/],
])('a kustomization that changes more than that, or cannot be made, is refused by name: %s', async (line, message) => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-kustomization-'));
  try {
    const head = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';
    const path = join(folder, 'kustomization.yaml');
    await writeFile(path, `${head}generatorOptions: { disableNameSuffixHash: true }\n${line}\n`);
    expect(() => readManifests(folder)).toThrow(message);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what asks for no replica brings no image', () => {
  const { objects } = readManifests('fixtures/platform/manifests/configuration');
  expect(imagesOf(objects)).toEqual(['registry.example/kgents/reindexer:0.9.0']);
});
