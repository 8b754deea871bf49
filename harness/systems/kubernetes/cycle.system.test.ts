import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { CONTROL_PLANE_LOST, disasters, NAMESPACE_DELETED_TO_STAGING, REGION_LOST } from './disasters.ts';
import { changeOneLabel, dropOneConfigMap, dropOneSecretKey } from './testing/sabotage.ts';
import { beginDrill, platformConfiguration } from './testing.ts';

const target = sharedTarget();

const options = { manifests: platformConfiguration, secrets: 40, configMaps: 40 };

// Only the platform's contract drills a lost region: the standby region's Velero takes up to a minute to find the copy.
const here = disasters.map(({ name }) => name).filter((name) => name !== REGION_LOST);

describe.each(here)('%s', (disaster) => {
  test('everything that was there comes back, with every marker, as new objects', async () => {
    await using drill = await beginDrill(target, disaster, options);
    const { asset, step } = drill;
    const before = await asset.identify(step);
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
    const point = await drill.backUp();
    await drill.strike();
    await expect(asset.probe.read(step.signal)).rejects.toThrow();
    const report = await drill.restore(point);
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
    const comparison = await drill.compare();

    expect(comparison.firstDifferences).toEqual([]);
    for (const counts of comparison.items) {
      expect(counts, counts.kind).toMatchObject({ missing: 0, extra: 0, differing: 0 });
    }
    const matched = Object.fromEntries(comparison.items.map(({ kind, matched }) => [kind, matched]));
    expect(matched).toMatchObject({
      Secret: 45,
      ConfigMap: 43,
      Namespace: 1,
      Service: 4,
      ServiceAccount: 2,
      'Deployment.apps': 3,
      'AgentProfile.platform.kgents.dev': 3,
      'RoleBinding.rbac.authorization.k8s.io': 1,
      'CustomResourceDefinition.apiextensions.k8s.io': 1,
      'ClusterRole.rbac.authorization.k8s.io': 1,
      'ClusterRoleBinding.rbac.authorization.k8s.io': 1,
      'PriorityClass.scheduling.k8s.io': 1,
    });
    expect(await drill.readMarkers()).toEqual(drill.markers);

    const after = await asset.identify(step);
    expect(after.map(({ what }) => what)).toEqual(before.map(({ what }) => what));
    expect(after.length).toBe(disaster === CONTROL_PLANE_LOST ? 17 : 16);
    const old = new Set(before.map(({ value }) => value));
    expect(after.filter(({ value }) => old.has(value))).toEqual([]);

    expect(point.objects).toBeGreaterThan(5);
    expect(point.sizeBytes).toBeGreaterThan(10_000);
    expect(report.claimed).toMatch(/^Completed/);
    expect(report.warnings.join()).toContain('kube-root-ca.crt');
  });
});

test('a restore into staging says what still names the original namespace', async () => {
  await using drill = await beginDrill(target, NAMESPACE_DELETED_TO_STAGING, {
    manifests: platformConfiguration,
  });
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point);
  const { firstDifferences, notVerified } = await drill.compare();

  expect(firstDifferences).toEqual([]);
  expect(notVerified.join('\n')).toMatch(/4 readable fields still name the original .*ConfigMap api-config/);
});

describe('what is spoilt after the restore is named', () => {
  test('a Secret key that was dropped', async () => {
    await using drill = await restoredDrill();
    await dropOneSecretKey({ asset: drill.asset, signal: drill.step.signal }, 'payments-credentials', 'password');
    const { items, firstDifferences } = await drill.compare();

    expect(firstDifferences).toEqual([
      {
        item: 'Secret payments-credentials',
        field: 'data.password',
        expected: expect.stringMatching(/^sha256:[0-9a-f]{64} \(44 bytes\)$/),
        observed: 'absent',
      },
    ]);
    expect(items.find(({ kind }) => kind === 'Secret')).toMatchObject({ expected: 5, matched: 4, differing: 1 });
  });

  test('an object that the probe reads: of each kind, the first that kubectl renders', async () => {
    await using drill = await restoredDrill();
    const { asset, step } = drill;
    await asset.probe.read(step.signal);
    await changeOneLabel({ asset, signal: step.signal }, 'api-config', 'spoilt', 'yes');
    await expect(asset.probe.read(step.signal)).rejects.toThrow('ConfigMap api-config');
    await dropOneConfigMap({ asset, signal: step.signal }, 'api-config');
    await expect(asset.probe.read(step.signal)).rejects.toThrow('configmaps/api-config');
  });

  test('a ConfigMap that is missing, and a label that was changed', async () => {
    await using drill = await restoredDrill();
    const sabotage = { asset: drill.asset, signal: drill.step.signal };
    await dropOneConfigMap(sabotage, 'feature-flags');
    await changeOneLabel(sabotage, 'grafana-dashboards', 'grafana_dashboard', '2');
    const { items, firstDifferences } = await drill.compare();

    expect(firstDifferences).toEqual([
      {
        item: 'ConfigMap feature-flags',
        field: '(whole object)',
        expected: expect.stringMatching(/^there, sha256:/),
        observed: 'absent',
      },
      {
        item: 'ConfigMap grafana-dashboards',
        field: 'metadata.labels.grafana_dashboard',
        expected: '"1"',
        observed: '"2"',
      },
    ]);
    expect(items.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({ missing: 1, differing: 1, matched: 1 });
  });

  test('a restore that did nothing, though the namespace is there with what appears by itself', async () => {
    await using drill = await beginDrill(target, 'namespace-deleted', { manifests: platformConfiguration });
    await drill.strike();
    using api = new KubernetesApi(drill.asset.environment()['KUBECONFIG'] ?? '');
    const labels = { 'dr-contracts.dev/session': target.sessionId };
    const metadata = { name: `dr-${drill.drillId}`, labels };
    await api.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata }, drill.step.signal);
    const { items } = await drill.compare();

    expect(items.find(({ kind }) => kind === 'Secret')).toMatchObject({ expected: 5, restored: 0, missing: 5 });
    expect(items.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({ expected: 3, restored: 0, missing: 3 });
    expect(items.find(({ kind }) => kind === 'ServiceAccount')).toMatchObject({ expected: 2, restored: 0 });
    expect(await drill.readMarkers()).toEqual([]);
  });
});

test('a marker is written once, and a second one of the same number is refused', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', { configMaps: 1 });
  const [lane] = drill.asset.lanes;
  await expect(lane?.write(1, 'another', drill.step.signal)).rejects.toThrow('already exists');
  expect(await drill.readMarkers()).toEqual(drill.markers);
});

test('a namespace without the mark of this session is refused', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', { configMaps: 1 });
  using api = new KubernetesApi(drill.asset.environment()['KUBECONFIG'] ?? '');
  const path = `${NAMESPACES}/dr-${drill.drillId}`;
  const mark = async (session: string) =>
    api.patch(path, { metadata: { labels: { 'dr-contracts.dev/session': session } } }, drill.step.signal);
  await mark('somebody-else');
  const strike = drill.asset.destroy(drill.step, { cutOff: async () => undefined });

  await expect(strike).rejects.toThrow('it carries somebody-else');
  expect((await api.getObject(path, drill.step.signal)).metadata.deletionTimestamp).toBeUndefined();
  expect((await drill.asset.proveGone(drill.step)).map(({ gone }) => gone)).toEqual([false, true, false]);
  await mark(target.sessionId);
});

test('no value of a Secret is in the fingerprint', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', { manifests: platformConfiguration });
  using api = new KubernetesApi(drill.asset.environment()['KUBECONFIG'] ?? '');
  const kept = await readFile(drill.expected.path, 'utf8');
  const path = `${NAMESPACES}/dr-${drill.drillId}/secrets`;
  const generated: string[] = [];
  for await (const secret of api.list(path, drill.step.signal)) {
    const encoded = Object.values(z.record(z.string(), z.string()).parse(secret['data']));
    // Short values are user names of the fixture, common words that also occur elsewhere.
    generated.push(...encoded.filter((value) => value.length > 40));
  }
  expect(generated).toHaveLength(7);
  const clear = generated.map((value) => Buffer.from(value, 'base64').toString());
  expect([...generated, ...clear].filter((value) => kept.includes(value))).toEqual([]);
});

async function restoredDrill() {
  const drill = await beginDrill(target, 'namespace-deleted', { manifests: platformConfiguration });
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point);
  return drill;
}
