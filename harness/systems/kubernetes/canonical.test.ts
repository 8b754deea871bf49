import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical } from './canonical.ts';
import { fieldsOf, isJsonArray, isJsonObject, type Json, type JsonObject } from './objects.ts';

const names = fc.constantFrom(
  'metadata',
  'spec',
  'status',
  'data',
  'labels',
  'annotations',
  'uid',
  'name',
  'ports',
  'nodePort',
  'clusterIP',
  'finalizers',
  'velero.io/backup-name',
  'kept',
);
const kinds = fc.constantFrom('Service', 'Namespace', 'Secret', 'ServiceAccount', 'Deployment', 'AgentProfile');
const { object: anyObject } = fc.letrec<{ object: JsonObject; value: Json }>((tie) => ({
  object: fc.dictionary(names, tie('value'), { maxKeys: 5 }),
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('object'), { maxLength: 3 }),
    tie('object'),
  ),
}));

describe('the canonical form', () => {
  test('of a canonical form is itself', () => {
    fc.assert(
      fc.property(kinds, anyObject, (kind, object) => {
        const once = canonical(kind, object);
        expect(canonical(kind, once)).toEqual(once);
      }),
    );
  });

  test('has the same fields in whatever order the keys came', () => {
    fc.assert(
      fc.property(kinds, anyObject, (kind, object) => {
        const fields = (given: JsonObject) => JSON.stringify(fieldsOf(canonical(kind, given), () => false));
        expect(fields(reversed(object))).toBe(fields(object));
      }),
    );
  });

  test('N14: keeps the Secrets that an author lists in a ServiceAccount, and none that a controller makes', () => {
    const secrets = [{ name: 'registry' }, { name: 'builder-token-x7k2p' }, { name: 'builder-dockercfg-9qwer' }];
    expect(canonical('ServiceAccount', { secrets })).toEqual({ secrets: [{ name: 'registry' }] });
    expect(canonical('ServiceAccount', { secrets: secrets.slice(1) })).toEqual({});
  });

  test('N16: keeps the storage class that an author names in an annotation, and none of the notes of its binding', () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'slow', 'pv.kubernetes.io/bind-completed': 'yes' };
    expect(canonical('PersistentVolumeClaim', { metadata: { annotations } })).toEqual({
      metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'slow' } },
    });
  });

  test('does not change with what the server, a controller or a restore writes', () => {
    const authored = {
      metadata: { name: 'api', labels: { app: 'api' }, annotations: { owner: 'team' } },
      spec: { replicas: 2 },
    };
    const observed = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'api',
        namespace: 'dr-1',
        uid: 'u',
        resourceVersion: '17',
        generation: 3,
        creationTimestamp: '2026-01-31T12:00:00Z',
        managedFields: [{ manager: 'velero' }],
        ownerReferences: [{ uid: 'o' }],
        labels: { app: 'api', 'velero.io/backup-name': 'b', 'velero.io/restore-name': 'r' },
        annotations: { owner: 'team', 'deployment.kubernetes.io/revision': '4' },
      },
      spec: { replicas: 2 },
      status: { readyReplicas: 2 },
    };
    expect(canonical('Deployment', observed)).toEqual(canonical('Deployment', authored));
  });

  test('keeps what an author can lose: labels, annotations, finalizers, a field of the spec', () => {
    const object = {
      metadata: { name: 'api', labels: { app: 'api' }, annotations: { owner: 'team' }, finalizers: ['team/guard'] },
      spec: { replicas: 2 },
    };
    expect(canonical('Deployment', object)).toEqual({
      metadata: { labels: { app: 'api' }, annotations: { owner: 'team' }, finalizers: ['team/guard'] },
      spec: { replicas: 2 },
    });
  });

  test('C13: of a Job drops the UID that the API server writes, and keeps a selector that the author wrote', () => {
    const job = (uid: string, manualSelector?: boolean): JsonObject => ({
      metadata: { labels: { app: 'shop', 'batch.kubernetes.io/controller-uid': uid, 'controller-uid': uid } },
      spec: {
        ...(manualSelector === undefined ? {} : { manualSelector }),
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
        template: {
          metadata: { labels: { 'batch.kubernetes.io/controller-uid': uid, 'controller-uid': uid } },
          spec: {},
        },
      },
    });
    expect(canonical('Job', job('one'))).toEqual(canonical('Job', job('two')));
    expect(canonical('Job', job('one'))).toEqual({
      metadata: { labels: { app: 'shop' } },
      spec: { template: { spec: {} } },
    });
    expect(canonical('Job', job('one', true))).not.toEqual(canonical('Job', job('two', true)));
  });

  test('N15: keeps a status that its author writes', () => {
    const lease = { spec: { pool: 'dmz' }, status: { address: '192.0.2.44' } };
    expect(canonical('AddressLease', lease, { statusIsApart: false })).toEqual(lease);
    expect(canonical('AddressLease', lease, { statusIsApart: true })).toEqual({ spec: { pool: 'dmz' } });
  });

  test('N16: keeps that kubectl has noted what it applied, whatever it noted of this object', () => {
    const noted = (note: string) =>
      canonical('ConfigMap', {
        metadata: { name: 'settings', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': note } },
      });
    const about = (name: string, more: object) => JSON.stringify({ kind: 'ConfigMap', metadata: { name }, ...more });
    expect(noted(about('settings', {}))).toEqual(noted(about('settings', { data: {} })));
    expect(noted(about('settings', {}))).not.toEqual(canonical('ConfigMap', { metadata: { name: 'settings' } }));
    expect(noted(about('settings', {}))).not.toEqual(noted(about('others', {})));
  });

  test('drops what the harness writes, and where the scheduler put a pod', () => {
    const object = {
      metadata: { labels: { 'dr-contracts.dev/session': 's' }, annotations: { 'dr-contracts.dev/probe': '7' } },
      spec: { nodeName: 'node-1', volumes: [{ name: 'kube-api-access-x7k2p' }] },
    };
    expect(canonical('Pod', object)).toEqual({ spec: { volumes: [{ name: 'kube-api-access' }] } });
  });

  test('C31: keeps finalizers of others, and drops those that Kubernetes sets and removes', () => {
    const others = ['example.com/hold', 'resources-finalizer.argocd.argoproj.io'];
    const finalizers = ['kubernetes.io/pvc-protection', 'foregroundDeletion', ...others];
    expect(canonical('PersistentVolumeClaim', { metadata: { finalizers } })).toEqual({
      metadata: { finalizers: others },
    });
  });

  test('drops to which volume a claim was bound and by whom, and keeps what it asks for', () => {
    const bound = {
      metadata: {
        annotations: {
          owner: 'team',
          'pv.kubernetes.io/bind-completed': 'yes',
          'volume.kubernetes.io/selected-node': 'node-1',
          'volume.beta.kubernetes.io/storage-provisioner': 'somebody',
        },
      },
      spec: { volumeName: 'pvc-1', storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
    };
    expect(canonical('PersistentVolumeClaim', bound)).toEqual({
      metadata: { annotations: { owner: 'team' } },
      spec: { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
    });
  });

  test('drops an allocated address and node port of a Service, and keeps that it is headless', () => {
    const allocated = {
      spec: { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'], ports: [{ port: 80, nodePort: 31000 }] },
    };
    expect(canonical('Service', allocated)).toEqual({ spec: { ports: [{ port: 80 }] } });
    const headless = { spec: { clusterIP: 'None', clusterIPs: ['None'] } };
    expect(canonical('Service', headless)).toEqual(headless);
  });
});

function reversed(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversedValue(inner)]),
  );
}

function reversedValue(value: Json): Json {
  if (isJsonObject(value)) return reversed(value);
  return isJsonArray(value) ? value.map(reversedValue) : value;
}
