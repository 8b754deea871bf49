import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { hasEnded, looksLikeMadeByController, makerOf } from './owners.ts';

const made = (owner: object | undefined, metadata: object = {}): KubernetesObject => ({
  metadata: {
    name: 'x',
    managedFields: [{ manager: 'kube-controller-manager' }],
    ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    ...metadata,
  },
});
const controlledBy = (kind: string, name: string) => ({ kind, name, uid: 'u', controller: true });

describe('N19: who made an object', () => {
  test.each([
    ['Job.batch', 'CronJob', 'tick'],
    ['Pod', 'Job', 'migrate'],
    ['Pod', 'ReplicationController', 'old'],
    ['Pod', 'StatefulSet', 'db'],
    ['ReplicaSet.apps', 'Deployment', 'api'],
    ['ControllerRevision.apps', 'DaemonSet', 'agent'],
    ['EndpointSlice.discovery.k8s.io', 'Endpoints', 'outside'],
    ['Secret', 'Certificate', 'web'],
  ])('is told by its owner: a %s of a %s', (kind, owner, name) => {
    expect(makerOf(kind, made(controlledBy(owner, name)))).toBe(`${owner} ${name}`);
  });

  test('is not told by an owner that does not control it', () => {
    expect(makerOf('ConfigMap', made({ kind: 'Secret', name: 's', uid: 'u' }))).toBeUndefined();
  });

  test('is the author, where the drill seeded it and a controller adopted it', () => {
    const managedFields = [{ manager: 'dr-contracts' }, { manager: 'kube-controller-manager' }];
    expect(makerOf('Pod', made(controlledBy('ReplicaSet', 'api'), { managedFields }))).toBeUndefined();
  });

  test('does not matter for a claim, which holds data', () => {
    expect(makerOf('PersistentVolumeClaim', made(controlledBy('StatefulSet', 'db')))).toBeUndefined();
  });

  test('is a controller for the endpoints of a Service, and the author for endpoints by hand', () => {
    expect(makerOf('Endpoints', made(undefined))).toBe('a controller');
    expect(makerOf('Endpoints', made(undefined, { managedFields: [{ manager: 'dr-contracts' }] }))).toBeUndefined();
    const labels = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
    expect(makerOf('EndpointSlice.discovery.k8s.io', made(undefined, { managedFields: [], labels }))).toBe(
      'a controller',
    );
  });

  test('can be seen of a copy without its owner, by what only controllers write', () => {
    const tick = { annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-31T12:00:00Z' } };
    expect(looksLikeMadeByController('Job.batch', made(undefined, tick))).toBe(true);
    expect(looksLikeMadeByController('Job.batch', made(undefined))).toBe(false);
    const pod = { labels: { 'batch.kubernetes.io/controller-uid': 'u' } };
    expect(looksLikeMadeByController('Pod', made(undefined, pod))).toBe(true);
  });
});

describe('C13: a Job or pod', () => {
  test.each([
    ['Job.batch', { conditions: [{ type: 'Complete', status: 'True' }] }, true],
    ['Job.batch', { conditions: [{ type: 'Failed', status: 'True' }] }, true],
    ['Job.batch', { conditions: [{ type: 'Suspended', status: 'True' }] }, false],
    ['Job.batch', { active: 1 }, false],
    ['Pod', { phase: 'Succeeded' }, true],
    ['Pod', { phase: 'Running' }, false],
    ['Deployment.apps', { conditions: [{ type: 'Complete', status: 'True' }] }, false],
  ])('%s with %j has ended: %s', (kind, status, ended) => {
    expect(hasEnded(kind, { metadata: { name: 'x' }, status })).toBe(ended);
  });
});
