import { expect, test } from 'vitest';
import { imagesOf } from './images.ts';
import { manifestsAt } from './manifests.ts';

const objectsAt = (path: string) => manifestsAt(path)?.objects ?? [];

test('ConfigMaps that a kustomization makes from files are read like any other object', () => {
  const manifests = manifestsAt('fixtures/platform/manifests/api');
  const source = manifests?.objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'api-source',
  );
  expect(source).toMatchObject({
    metadata: { labels: { 'app.kubernetes.io/name': 'api' } },
    data: { 'server.mjs': expect.stringContaining('createServer') },
  });
  expect(manifests?.namespace?.metadata.name).toBe('kgents-api');
});

test('images are those of what runs: what asks for no replica brings none', () => {
  expect(imagesOf(objectsAt('fixtures/platform/manifests/api'))).toEqual(['nats:2.15.2', 'node:24-bookworm-slim']);
  expect(imagesOf(objectsAt('fixtures/platform/manifests/configuration'))).toEqual([
    'registry.example/kgents/reindexer:0.9.0',
  ]);
});
