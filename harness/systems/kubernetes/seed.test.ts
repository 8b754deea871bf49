import { expect, test } from 'vitest';
import type { Manifests } from './manifests.ts';
import { imagesOf } from './seed.ts';

const objectsOf = (replicas: number): Manifests['objects'] => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `web-${replicas}` },
    spec: { replicas, template: { spec: { containers: [{ name: 'a', image: `web:${replicas}` }] } } },
  },
];

test('images are those of what runs: what asks for no replica brings none', () => {
  expect(imagesOf([...objectsOf(0), ...objectsOf(2)])).toEqual(['web:2']);
});
