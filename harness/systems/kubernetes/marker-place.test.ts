import { expect, test } from 'vitest';
import { labelsOfFirst } from './marker-place.ts';

const object = (kind: string, name: string, labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
});

test('C16: the object of the markers has the labels of one seeded object, so that a selector by several values selects it', () => {
  const seeded = [
    object('ConfigMap', 'kube-root-ca.crt'),
    object('ConfigMap', 'settings', { app: 'shop', tier: 'web' }),
    object('ConfigMap', 'pay', { app: 'pay', tier: 'web' }),
    object('Secret', 'payment'),
  ];
  expect(Object.fromEntries(labelsOfFirst(seeded))).toEqual({ ConfigMap: { app: 'shop', tier: 'web' }, Secret: {} });
});
