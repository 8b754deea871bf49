import { expect, test } from 'vitest';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import { sharedTarget } from '../../../testing/shared-target.ts';
import { compareContent } from '../compare.ts';
import type { ContentItem } from '../content.ts';
import { NAMESPACE_DELETED_TO_STAGING } from '../disasters.ts';
import { readFingerprint } from '../fingerprint.ts';
import { sharedKubernetes } from '../service.ts';
import { beginDrill, hourly, platformConfiguration } from '../testing.ts';
import type { VolumePlan } from './options.ts';
import { Volumes } from './volumes.ts';

const STORAGE_CLASSES = '/apis/storage.k8s.io/v1/storageclasses';

const target = sharedTarget();

const uploads = { name: 'uploads', files: 1_500, largest: '24MiB', beforeBackup: 'sync' };
const planned: VolumePlan = {
  name: 'uploads',
  files: 50,
  largestBytes: 2 ** 20,
  storage: undefined,
  storageClass: undefined,
  image: 'busybox:1.35',
  beforeBackup: 'sync',
};
const files = 'file of volume uploads';

test.for(['namespace-deleted', NAMESPACE_DELETED_TO_STAGING])(
  '%s: a StatefulSet comes back with every file of its volume, and its hook ran before the backup',
  async (disaster) => {
    await using drill = await beginDrill(target, disaster, { manifests: platformConfiguration, volumes: [uploads] });
    const { asset, step } = drill;
    const before = await asset.identify(step);
    const [, lane] = asset.lanes;
    await lane?.write(1, 'first, before the backup', step.signal);
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
    const point = await drill.backUp();
    await drill.strike();
    await drill.restore(point);
    const { items, firstDifferences, notVerified } = await drill.compare();

    expect(firstDifferences).toEqual([]);
    const matched = new Map(items.map((counts) => [counts.kind, counts]));
    // Small files, the large one, 15 folders of them and `data`, the empty folders and theirs, five links, the root.
    expect(matched.get(files)).toMatchObject({
      expected: 1_500 + 1 + 16 + 5 + 5 + 1,
      missing: 0,
      extra: 0,
      differing: 0,
    });
    expect(matched.get('hook of volume uploads that ran before the backup')).toMatchObject({ matched: 1 });
    expect(matched.get('PersistentVolumeClaim')).toMatchObject({ matched: 1 });
    expect(matched.get('StatefulSet.apps')).toMatchObject({ matched: 1 });
    expect(notVerified.join('\n')).toContain('extended attributes');
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
    expect(await Array.fromAsync(lane?.read(step.signal) ?? [])).toEqual([
      { sequence: 1, body: 'first, before the backup' },
    ]);

    const after = await asset.identify(step);
    expect(after.map(({ what }) => what)).toEqual(before.map(({ what }) => what));
    expect(after.map(({ what }) => what)).toContain('UID of claim data-uploads-0');
    const old = new Set(before.map(({ value }) => value));
    expect(after.filter(({ value }) => old.has(value))).toEqual([]);
    expect(point.sizeBytes).toBeGreaterThan(24 * 2 ** 20);
  },
);

test('a restore into staging while the original lives gives the same files, and leaves the original alone', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', {
    volumes: [{ ...uploads, files: 50, largest: '1MiB' }],
  });
  const { asset, step } = drill;
  const before = await asset.identify(step);
  const point = await drill.backUp();
  const staging = `dr-staging-${drill.drillId}`;
  const environment: Record<string, string> = { ...asset.environment(), RESTORE_NAMESPACE: staging };
  await hourly.restore(point, { target, drillId: drill.drillId, environment, step, disasterBegan: step.clock.now() });

  using api = new KubernetesApi(environment['KUBECONFIG'] ?? '');
  const kubectl = () => target.tool('kubectl');
  using restored = new Volumes([planned], { api, kubectl, drillId: drill.drillId, namespace: () => staging });
  await restored.untilReady(step);
  const content = restored.content(step.signal, 'observed');
  const { firstDifferences, items } = await compareContent(onlyFiles(readFingerprint(drill.expected)), content);
  expect(firstDifferences).toEqual([]);
  expect(items.find(({ kind }) => kind === files)?.matched).toBeGreaterThan(60);
  const copies = await restored.identities(step.signal);
  const originals = new Set(before.map(({ value }) => value));
  expect(copies).toHaveLength(2);
  expect(copies.filter(({ value }) => originals.has(value))).toEqual([]);

  await asset.probe.read(step.signal);
  await asset.probe.write(step.signal);
  expect(await asset.identify(step)).toEqual(before);
  expect(await drill.readMarkers()).toEqual(drill.markers);
});

test('a hostPath volume, which the backup passes over and calls Completed, is found empty', async () => {
  const storageClass = await hostPathClass();
  await using drill = await beginDrill(target, 'namespace-deleted', {
    volumes: [{ name: 'uploads', files: 50, largest: '1MiB', storageClass }],
  });
  const point = await drill.backUp();
  await drill.strike();
  const report = await drill.restore(point);
  expect([point.claimed, report.claimed].join()).toMatch(/^Completed.*,Completed/);
  const { items } = await drill.compare();

  expect(items.find(({ kind }) => kind === files)).toMatchObject({ missing: 51 + 3 + 5 + 4 });
  await expect(drill.asset.probe.read(drill.step.signal)).rejects.toThrow();
});

async function hostPathClass(): Promise<string> {
  const name = 'dr-test-host-path';
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  using api = new KubernetesApi(kubeconfigPath);
  const signal = AbortSignal.timeout(20_000);
  const standard = await api.getObject(`${STORAGE_CLASSES}/standard`, signal);
  const { provisioner, reclaimPolicy, volumeBindingMode } = standard;
  await api.apply(
    `${STORAGE_CLASSES}/${name}`,
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name, annotations: { defaultVolumeType: 'hostPath' } },
      provisioner,
      reclaimPolicy,
      volumeBindingMode,
    },
    'dr-contracts-test',
    signal,
  );
  return name;
}

async function* onlyFiles(items: AsyncIterable<ContentItem>): AsyncGenerator<ContentItem> {
  for await (const item of items) if (item.kind.includes('of volume uploads')) yield item;
}
