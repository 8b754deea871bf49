import { expect, it } from 'vitest';
import { holdsNothing } from './empty-backup.ts';

it.each([
  ['the namespace alone', { 'v1/Namespace': ['shop'] }, true],
  [
    'what Kubernetes puts into each namespace',
    { 'v1/ConfigMap': ['shop/kube-root-ca.crt'], 'v1/ServiceAccount': ['shop/default'], 'v1/Namespace': ['shop'] },
    true,
  ],
  ['events', { 'v1/Event': ['shop/a'], 'events.k8s.io/v1/Event': ['shop/a'] }, true],
  ['nothing', {}, true],
  ['a kind without objects', { 'v1/Secret': null }, true],
  ['a ConfigMap of somebody', { 'v1/ConfigMap': ['shop/kube-root-ca.crt', 'shop/settings'] }, false],
  ['a ServiceAccount of somebody', { 'v1/ServiceAccount': ['shop/app'] }, false],
  ['one Secret', { 'v1/Namespace': ['shop'], 'v1/Secret': ['shop/key'] }, false],
])('C28: a backup with %s', (_, listed, isEmpty) => {
  expect(holdsNothing(listed)).toBe(isEmpty);
});
