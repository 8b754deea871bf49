import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Comparison } from '../../model/record.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { CONTROL_PLANE_LOST } from '../kubernetes/disasters.ts';
import { beginCase, kubectl, type TestDrill } from '../kubernetes/testing.ts';
import type { VeleroScheduleOptions } from './options.ts';
import { veleroSchedule } from './procedure.ts';

// Velero itself decides what of a namespace it backs up; the harness has to know it afterwards, and to add nothing of its own.

const target = sharedTarget();

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-velero-filters-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SETTINGS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { app: shop } }
data: { region: here }
`;
const SECRET = `
apiVersion: v1
kind: Secret
metadata: { name: payment, labels: { app: shop } }
stringData: { token: a-token-that-nobody-knows }
`;
const CLAIM = '{ accessModes: [ ReadWriteOnce ], resources: { requests: { storage: 1Gi } } }';
const DATABASE = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  selector: { matchLabels: { app: db } }
  template: { metadata: { labels: { app: db } }, spec: { containers: [ { name: db, image: busybox } ] } }
  volumeClaimTemplates: [ { metadata: { name: data }, spec: ${CLAIM} } ]
`;
const RUNNING = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: ${CLAIM}
---
apiVersion: v1
kind: Pod
metadata: { name: db, annotations: { backup.velero.io/backup-volumes: data } }
spec:
  containers: [ { name: db, image: busybox } ]
  volumes: [ { name: data, persistentVolumeClaim: { claimName: data } } ]
`;
const POLICY = `
apiVersion: v1
kind: ConfigMap
metadata: { name: skip-nfs, namespace: velero }
data:
  policy.yaml: |
    version: v1
    volumePolicies: [{ conditions: { nfs: {} }, action: { type: skip } }]
`;

async function scheduled(template: string, options: Partial<VeleroScheduleOptions> = {}, policy = POLICY) {
  const manifest = join(folder, 'velero.yaml');
  const schedule = `apiVersion: velero.io/v1\nkind: Schedule\nmetadata: { name: nightly, namespace: velero }\nspec: { schedule: " 0 * * * *", template: ${template} }\n`;
  await writeFile(manifest, [schedule, policy].join('---\n'));
  const { offRegion: _, ...rest } = options;
  return veleroSchedule({ manifest, name: 'nightly', namespace: 'shop', ...rest });
}

async function throughVelero(drill: TestDrill) {
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point);
  const comparison = await drill.compare();
  return { leftOut: point.leftOut ?? [], comparison, markers: await drill.readMarkers() };
}

const faultsIn = ({ items }: Comparison): readonly string[] =>
  items.filter(({ missing, differing, extra }) => missing + differing + extra > 0).map(({ kind }) => kind);

describe('what a Velero Schedule leaves out', () => {
  test('N23: is named by its field, and the rest comes back', async () => {
    const procedure = await scheduled('{ includedNamespaces: [shop], excludedResources: [secrets] }');
    await using drill = await beginCase(target, [SETTINGS, SECRET].join('---'), undefined, procedure);
    const { leftOut, comparison, markers } = await throughVelero(drill);
    expect(leftOut).toEqual([
      {
        kind: 'Secret',
        because: expect.stringMatching(/^spec\.template\.excludedResources: \[secrets\] of Schedule nightly/),
      },
    ]);
    expect(faultsIn(comparison)).toEqual(['Secret']);
    expect(markers).toEqual(drill.markers);
  });

  test.each([
    [
      'includeExcludePolicy',
      'includeExcludePolicy: { excludedNamespaceScopedResources: [secrets] }',
      /excludedNamespaceScopedResources: \[secrets\] in the resourcePolicy/,
    ],
    [
      'namespacedFilterPolicies',
      'namespacedFilterPolicies: [{ namespaces: [shop], resourceFilters: [{ kinds: [configmaps] }] }]',
      /namespacedFilterPolicies in the resourcePolicy takes only other kinds: \[configmaps\]/,
    ],
  ])('C15: by the %s of its resource policy is named by what stands there', async (_, entry, because) => {
    const template = '{ includedNamespaces: [shop], resourcePolicy: { kind: configmap, name: skip-nfs } }';
    const procedure = await scheduled(template, {}, POLICY.replace(/volumePolicies.*/, entry));
    await using drill = await beginCase(target, [SETTINGS, SECRET].join('---'), undefined, procedure);
    const { leftOut, comparison, markers } = await throughVelero(drill);
    expect(leftOut).toContainEqual({ kind: 'Secret', because: expect.stringMatching(because) });
    expect(faultsIn(comparison)).toEqual(['Secret']);
    expect(markers).toEqual(drill.markers);
  });

  test('C16: a selector by several values of a label takes the markers as well', async () => {
    const procedure = await scheduled(
      '{ includedNamespaces: [shop], labelSelector: { matchExpressions: [{ key: app, operator: In, values: [shop, pay] }] } }',
    );
    const other = SETTINGS.replace('settings', 'other').replace('app: shop', 'app: pay');
    await using drill = await beginCase(target, [SETTINGS, other].join('---'), undefined, procedure);
    const { leftOut, comparison, markers } = await throughVelero(drill);
    expect(leftOut).toEqual([]);
    expect(faultsIn(comparison)).toEqual([]);
    expect(markers).toEqual(drill.markers);
  });

  test('C15: by the names of other objects alone lets the markers of the drill through', async () => {
    const template = '{ includedNamespaces: [shop], resourcePolicy: { kind: configmap, name: skip-nfs } }';
    const entry =
      'namespacedFilterPolicies: [{ namespaces: [shop], resourceFilters: [{ kinds: [configmaps], names: [settings] }] }]';
    const procedure = await scheduled(template, {}, POLICY.replace(/volumePolicies.*/, entry));
    await using drill = await beginCase(target, SETTINGS, undefined, procedure);
    const { comparison, markers } = await throughVelero(drill);
    expect(faultsIn(comparison)).toEqual([]);
    expect(markers).toEqual(drill.markers);
  });

  test('C04: by a label of the namespace is told as the reason why Velero refuses the backup', async () => {
    const namespace = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { velero.io/exclude-from-backup: "true" } }
`;
    await using drill = await beginCase(target, [namespace, SETTINGS].join('---'));
    await expect(drill.backUp()).rejects.toMatchObject({
      explanation: {
        cause: 'schedule-leaves-namespace-out',
        observed: expect.stringMatching(/namespace has the label/),
      },
    });
  });

  test('C15: nothing of a claim without a volume, about which its volume policy is asked, is no breach', async () => {
    const template = '{ includedNamespaces: [shop], resourcePolicy: { kind: configmap, name: skip-nfs } }';
    await using drill = await beginCase(target, [DATABASE, SETTINGS].join('---'), undefined, await scheduled(template));
    await expect(drill.backUp()).rejects.toMatchObject({ isNotProvableHere: true });
  });

  test('C15: nothing of a volume that it moves as a snapshot, which no target here takes, is no breach', async () => {
    const procedure = await scheduled('{ includedNamespaces: [shop], snapshotMoveData: true }');
    await using drill = await beginCase(target, [RUNNING, SETTINGS].join('---'), undefined, procedure);
    const namespace = drill.asset.environment()['ASSET_NAMESPACE'] ?? '';
    // Nothing runs pods here.
    const status = '{"status":{"phase":"Running"}}';
    await kubectl(target, drill, '-n', namespace, 'patch', 'pod', 'db', '--subresource=status', '-p', status);
    await expect(drill.backUp()).rejects.toMatchObject({
      isNotProvableHere: true,
      explanation: { thing: 'volume data of pod db', observed: expect.stringMatching(/snapshotMoveData: true/) },
    });
  });

  test('N23: by a label of the object itself is named with the object', async () => {
    const labelled = SECRET.replace('app: shop', '"velero.io/exclude-from-backup": "true"');
    const procedure = veleroSchedule({ cron: '0 * * * *' });
    await using drill = await beginCase(target, [SETTINGS, labelled].join('---'), undefined, procedure);
    const { leftOut, comparison } = await throughVelero(drill);
    expect(leftOut).toMatchObject([{ kind: 'Secret', name: 'payment' }]);
    expect(faultsIn(comparison)).toEqual(['Secret']);
  });

  test('C16: by a label selector hides neither the objects that it selects nor the markers', async () => {
    const procedure = await scheduled('{ includedNamespaces: [shop], labelSelector: { matchLabels: { app: shop } } }');
    await using drill = await beginCase(target, [SETTINGS, SECRET].join('---'), undefined, procedure);
    const { leftOut, comparison, markers } = await throughVelero(drill);
    expect(faultsIn(comparison)).toEqual([]);
    expect(leftOut).toEqual([]);
    expect(markers).toEqual(drill.markers);
  });

  test('C16: by other label selectors is named with the objects', async () => {
    const other = SECRET.replace('app: shop', 'app: other');
    const procedure = await scheduled(
      '{ orLabelSelectors: [{ matchLabels: { app: shop } }, { matchExpressions: [{ key: tier, operator: In, values: [a] }] }] }',
    );
    await using drill = await beginCase(target, [SETTINGS, other].join('---'), undefined, procedure);
    const { leftOut, comparison, markers } = await throughVelero(drill);
    expect(leftOut).toMatchObject([{ kind: 'Secret', name: 'payment' }]);
    expect(faultsIn(comparison)).toEqual(['Secret']);
    expect(markers).toEqual(drill.markers);
  });

  test('C16: a Schedule of Secrets alone brings Secrets and markers back', async () => {
    const procedure = await scheduled('{ includedResources: [persistentvolumeclaims, persistentvolumes, secrets] }');
    await using drill = await beginCase(target, SECRET, undefined, procedure);
    const { comparison, markers } = await throughVelero(drill);
    expect(faultsIn(comparison)).toEqual([]);
    expect(markers).toEqual(drill.markers);
  });

  test('C15: snapshot locations and resource policies of production stop no backup, nor do its hooks', async () => {
    const hooks = '{ resources: [{ name: a, includedNamespaces: [shop], pre: [{ exec: { command: [/bin/true] } }] }] }';
    const procedure = await scheduled(
      `{ includedNamespaces: [shop], volumeSnapshotLocations: [aws-default], storageLocation: aws, resourcePolicy: { kind: configmap, name: skip-nfs }, hooks: ${hooks} }`,
    );
    await using drill = await beginCase(target, SETTINGS, undefined, procedure);
    const { comparison } = await throughVelero(drill);
    expect(faultsIn(comparison)).toEqual([]);
  });

  test('N12: includeClusterResources: false leaves definitions out, and what is made of them cannot come back', async () => {
    const pumps = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: pumps.velero-filters.example.com }
spec:
  group: velero-filters.example.com
  scope: Namespaced
  names: { kind: Pump, plural: pumps, singular: pump }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }
---
apiVersion: velero-filters.example.com/v1
kind: Pump
metadata: { name: main }
spec: { litres: 3 }
`;
    const without = await scheduled('{ includedNamespaces: [shop], includeClusterResources: false }');
    await using drill = await beginCase(target, [SETTINGS, pumps].join('---'), CONTROL_PLANE_LOST, without);
    const point = await drill.backUp();
    expect(point.leftOut).toContainEqual({
      kind: 'CustomResourceDefinition.apiextensions.k8s.io',
      because: expect.stringContaining('includeClusterResources: false'),
    });
    await drill.strike();
    const refused = await drill.restore(point).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      explanation: {
        cause: 'left-out-by-filter',
        observed: expect.stringMatching(/PartiallyFailed.*CustomResourceDefinition.*includeClusterResources: false/),
      },
    });
    expect(faultsIn(await drill.compare())).toContain('CustomResourceDefinition.apiextensions.k8s.io');
  });

  test('C15: an empty label selector, which Velero cannot list by, is named with its field', async () => {
    const procedure = await scheduled('{ includedNamespaces: [shop], labelSelector: {} }');
    await using drill = await beginCase(target, SETTINGS, undefined, procedure);
    await expect(drill.backUp()).rejects.toMatchObject({
      explanation: {
        cause: 'schedule-takes-no-backup',
        observed: expect.stringMatching(/PartiallyFailed.*labelSelector: \{\} of Schedule nightly/),
      },
    });
  });

  test('N12: includeClusterResources: true brings back roles of the whole cluster, of the drill alone', async () => {
    const role = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: REPLACE_WITH_NAMESPACE-pump-reader }
rules: [ { apiGroups: [""], resources: [configmaps], verbs: [get] } ]
`;
    const procedure = await scheduled(
      '{ includedNamespaces: [shop], includeClusterResources: true, excludedResources: [events] }',
    );
    await using drill = await beginCase(target, [SETTINGS, role].join('---'), CONTROL_PLANE_LOST, procedure);
    const { leftOut, comparison } = await throughVelero(drill);
    expect(leftOut).toEqual([]);
    expect(faultsIn(comparison)).toEqual([]);
  });
});

describe('what a contract says of the Restore', () => {
  test('goes to Velero as it is', async () => {
    const procedure = veleroSchedule({
      cron: '0 * * * *',
      restore: {
        restoreStatus: { excludedResources: ['pods'] },
        preserveNodePorts: true,
        existingResourcePolicy: 'update',
      },
    });
    await using drill = await beginCase(target, [SETTINGS, SECRET].join('---'), undefined, procedure);
    const { comparison } = await throughVelero(drill);
    expect(faultsIn(comparison)).toEqual([]);
  });

  test('and Velero does not know is refused before anything is destroyed', async () => {
    const procedure = veleroSchedule({ cron: '0 * * * *', restore: { restorStatus: {} } });
    await using drill = await beginCase(target, SETTINGS, undefined, procedure);
    await expect(drill.backUp()).rejects.toThrow(/`restore`.*refuses.*restorStatus/s);
  });
});
