import { afterEach, describe, expect, it, vi } from 'vitest';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../../clients/kubernetes-object.ts';
import { findPlaceholders } from './placeholders.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const metadata = { name: 'x' };

/** Searches a namespace with that object alone, in a cluster that serves its type alone. */
async function search(type: string, object: KubernetesObject): ReturnType<typeof findPlaceholders> {
  const [kind = '', ...group] = type.split('.');
  const resource = { resource: 'things', responseKind: { kind }, scope: 'Namespaced', verbs: ['create', 'list'] };
  const served = { metadata: { name: group.join('.') }, versions: [{ version: 'v1', resources: [resource] }] };
  vi.spyOn(KubernetesApi.prototype, 'get').mockImplementation(async (path) => ({
    kind: 'APIGroupDiscoveryList',
    items: (path === '/api') === (group.length === 0) ? [served] : [],
  }));
  vi.spyOn(KubernetesApi.prototype, 'list').mockImplementation(async function* (path) {
    if (path.endsWith('/namespaces/shop/things')) yield object;
  });
  return await findPlaceholders('kubeconfig', ['shop'], new AbortController().signal);
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a placeholder in a live object', () => {
  it.each([
    ['Secret', { metadata, data: { key: base64('REPLACE_WITH_KEY') } }, 'data.key', 'REPLACE_WITH_KEY'],
    [
      'Secret',
      { metadata, data: { cloud: base64('[default]\nid=REPLACE_WITH_ID\n') } },
      'data.cloud',
      'REPLACE_WITH_ID',
    ],
    ['ConfigMap', { metadata, data: { 'api.yaml': 'host: REPLACE_WITH_HOST' } }, 'data.api.yaml', 'REPLACE_WITH_HOST'],
    [
      'BackupStorageLocation.velero.io',
      { metadata, spec: { config: { s3Url: 'REPLACE_WITH_S3_URL' } } },
      'spec.config.s3Url',
      'REPLACE_WITH_S3_URL',
    ],
    [
      'CronJob.batch',
      { metadata, spec: { env: [{ value: 'a' }, { value: 'REPLACE_WITH_X' }] } },
      'spec.env[1].value',
      'REPLACE_WITH_X',
    ],
    [
      'Service',
      { metadata: { name: 'x', annotations: { a: 'REPLACE_WITH_ZONE' } } },
      'metadata.annotations.a',
      'REPLACE_WITH_ZONE',
    ],
  ])('is found in a %s', async (type, object, path, placeholder) => {
    const { objects, left } = await search(type, object);
    expect(objects).toBe(1);
    expect(left.map(({ item, expected, found }) => ({ item, expected, found }))).toEqual([
      { item: `${type} shop/x`, expected: `${path} filled in`, found: placeholder },
    ]);
  });

  it('is not looked for where only the server or kubectl writes', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"a":"REPLACE_WITH_A"}' };
    const object = {
      metadata: { name: 'x', annotations, managedFields: [{ f: 'REPLACE_WITH_B' }] },
      status: { m: 'REPLACE_WITH_C' },
    };
    expect(await search('ConfigMap', object)).toEqual({ objects: 1, left: [] });
  });
});
