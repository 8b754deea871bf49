import { expect, test } from 'vitest';
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
  [{ manifests: api, service: { name: 'nowhere', reads: '/a', writes: '/b' } }, /a Service nowhere, but it has none/],
  [{ manifests: api, service: { name: 'api-edge', reads: 'a', writes: '/b' } }, /`service\.reads` to be a path/],
])('%j is refused with the reason', (options, message) => {
  expect(() => kubernetesNamespace(options)).toThrow(message);
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

test('a NATS server of the platform needs the manifests of its StatefulSet and of a way in', () => {
  const manifests = 'fixtures/platform/manifests/nats';
  const { needs, loss } = natsStatefulSet({ manifests, statefulSet: 'nats', service: 'nats-edge' });
  expect(needs).toEqual(['kubernetes', 'pods', 'volumes']);
  expect(loss.threat).toContain('StatefulSet nats');
  expect(() => natsStatefulSet({ manifests, statefulSet: 'nats', service: 'edge' })).toThrow(
    /a Service edge, but it has none/,
  );
});
