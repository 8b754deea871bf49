import { describe, expect, test } from 'vitest';
import { clusterTypeOf, renderedManifests } from './manifests.ts';
import type { ManifestObject } from './objects.ts';

const NAME = 'REPLACE_WITH_NAMESPACE-x';
const here = { matchLabels: { 'kubernetes.io/metadata.name': 'REPLACE_WITH_NAMESPACE' } };
const admission = (kind: string, more: object): ManifestObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: NAME },
  ...more,
});
const hook = (namespaceSelector: object | undefined, scope?: string) =>
  admission('ValidatingWebhookConfiguration', { webhooks: [{ namespaceSelector, rules: [{ scope }] }] });

/** The manifests of a folder with that object alone. */
const manifestsOf = (object: ManifestObject) => renderedManifests(async () => [object], 'manifests');

describe('objects of the whole cluster', () => {
  test('are also those of a CustomResourceDefinition with that scope', () => {
    const definition = (scope: string): ManifestObject => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'zones.example.com' },
      spec: {
        group: 'example.com',
        scope,
        names: { kind: 'Zone', plural: 'zones' },
        versions: [{ name: 'v1', subresources: { status: {} } }, { name: 'v2' }],
      },
    });
    const zone = (version: string) => ({
      apiVersion: `example.com/${version}`,
      kind: 'Zone',
      metadata: { name: NAME },
    });
    expect(clusterTypeOf(zone('v1'), [definition('Namespaced')])).toBeUndefined();
    expect(clusterTypeOf(zone('v1'), [definition('Cluster')])).toMatchObject({ plural: 'zones', statusIsApart: true });
    expect(clusterTypeOf(zone('v2'), [definition('Cluster')])).toMatchObject({ statusIsApart: false });
  });

  test.each([
    ['a class', { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: NAME } }],
    ['a webhook for this namespace alone', hook(here, 'Namespaced')],
    [
      'a policy, and what binds it to this namespace alone',
      admission('ValidatingAdmissionPolicyBinding', { spec: { matchResources: { namespaceSelector: here } } }),
    ],
  ])('may be drilled where no other drill can notice: %s', async (_, object) => {
    expect((await manifestsOf(object)).ofCluster).toEqual([object]);
  });

  test.each([
    [
      'another name for all drills',
      { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'edge' } },
    ],
    [
      'a default class',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: NAME, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
      },
    ],
    ['a webhook for all namespaces', hook(undefined, 'Namespaced')],
    ['a webhook for a label that others have', hook({ matchLabels: { team: 'shop' } }, 'Namespaced')],
    ['a webhook for objects of the whole cluster', hook(here)],
    ['a binding for all namespaces', admission('ValidatingAdmissionPolicyBinding', { spec: {} })],
    [
      'a policy for objects of the whole cluster',
      admission('ValidatingAdmissionPolicy', { spec: { matchConstraints: { resourceRules: [{ scope: '*' }] } } }),
    ],
  ])('are refused where other drills would notice: %s', async (_, object) => {
    await expect(manifestsOf(object)).rejects.toThrow('to affect only this namespace');
  });
});
