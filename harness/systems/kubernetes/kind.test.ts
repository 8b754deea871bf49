import { expect, test } from 'vitest';
import { plainManifests } from '../../manifests/testing/plain.ts';
import { withNodePort } from './http-service.ts';
import { kubernetesNamespace } from './kind.ts';
import { natsStatefulSet } from './nats-statefulset.ts';

const api = 'fixtures/platform/manifests/api';

test('what needs pods or volumes says so, and what does not asks for neither', () => {
  const service = { name: 'api-edge', reads: '/v1/identity', writes: '/v1/orders' };
  expect(kubernetesNamespace({ secrets: 1 }).needs).toEqual(['kubernetes', 'velero']);
  expect(kubernetesNamespace({ manifests: api, service }).needs).toEqual(['kubernetes', 'velero', 'pods']);
  expect(kubernetesNamespace({ volumes: [{ name: 'data' }] }).needs).toEqual([
    'kubernetes',
    'velero',
    'pods',
    'volumes',
  ]);
  expect(kubernetesNamespace({ volumes: [{ name: 'data' }] }).outOfScope).not.toContain(
    'contents of persistent volumes',
  );
});

test.each([
  [{ volumes: [{ name: 'data', size: '1GiB' }] }, /unknown field "volumes\.0\.size"/],
  [{ volumes: [{ name: 'Data' }] }, /lower-case name/],
  [{ volumes: [{ name: 'data' }, { name: 'data' }] }, /different names/],
  [{ volumes: [{ name: 'data', largest: '1 gig' }] }, /volume data, largest/],
  [{ manifests: api, service: { name: 'api-edge', reads: 'a', writes: '/b' } }, /`service\.reads` to be a path/],
])('%j is refused with the reason', (options, message) => {
  expect(() => kubernetesNamespace(options)).toThrow(message);
});

test('a Service that the manifests do not have is a mistake once they are rendered', async () => {
  const asset = kubernetesNamespace({ manifests: api, service: { name: 'nowhere', reads: '/a', writes: '/b' } });
  await expect(asset.prepared?.(plainManifests)).rejects.toThrow(/a Service nowhere, but it has none/);
});

test('C25: nothing of the manifests is read before a run is prepared; then the asset says what it protects', async () => {
  const manifests = 'fixtures/platform/manifests/configuration';
  const asset = kubernetesNamespace({ manifests });
  expect(asset).toMatchObject({ protectedCount: 1 });
  expect(asset.inScope).toContain('what its kustomization makes, as kubectl renders it');
  const prepared = await asset.prepared?.(plainManifests);
  expect(prepared?.protectedCount).toBeGreaterThan(10);
  expect(prepared?.inScope.join()).toContain('PriorityClass');
  expect(prepared).not.toHaveProperty('prepared');
});

test('what somebody put in the place of a member stays there when the manifests are rendered', async () => {
  const asset = { ...kubernetesNamespace({ manifests: api }), description: 'my own' };
  expect((await asset.prepared?.(plainManifests))?.description).toBe('my own');
});

test('the node port goes to the first port of the named Service, and to nothing else', () => {
  const service = (type: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'edge' },
    spec: { type, ports: [{ port: 80 }, { port: 81 }] },
  });
  expect(withNodePort(service('NodePort'), 'edge', 30_080)).toMatchObject({
    spec: { ports: [{ port: 80, nodePort: 30_080 }, { port: 81 }] },
  });
  expect(withNodePort(service('NodePort'), 'another', 30_080)).toEqual(service('NodePort'));
  expect(() => withNodePort(service('ClusterIP'), 'edge', 30_080)).toThrow(/type NodePort/);
});

test('a NATS server of the platform needs the manifests of its StatefulSet and of a way in', async () => {
  const manifests = 'fixtures/platform/manifests/nats';
  const { needs, loss } = natsStatefulSet({ manifests, statefulSet: 'nats', service: 'nats-edge' });
  expect(needs).toEqual(['nats', 'kubernetes', 'pods', 'volumes']);
  expect(loss.threat).toContain('StatefulSet nats');
  const without = natsStatefulSet({ manifests, statefulSet: 'nats', service: 'edge' });
  await expect(without.prepared?.(plainManifests)).rejects.toThrow(/a Service edge, but it has none/);
});
