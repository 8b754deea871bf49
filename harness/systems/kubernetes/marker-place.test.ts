import { expect, test } from 'vitest';
import { type KubernetesApi, KubernetesApiError } from '../../clients/kubernetes-api.ts';
import { ManualClock } from '../../clock/testing/manual-clock.ts';
import { choosePlace } from './marker-place.ts';
import { LANE, MARKER_LABEL } from './names.ts';

const object = (kind: string, name: string, labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
});

/** Returns the place in a namespace that has room for objects of those kinds alone. */
async function placeBeside(seeded: Parameters<typeof choosePlace>[2], roomFor: readonly string[]) {
  const api: Partial<KubernetesApi> = {
    dryRunCreate: async (path) => {
      if (roomFor.some((plural) => path.endsWith(`/${plural}`))) return object('', '');
      throw new KubernetesApiError(`POST ${path}`, 403, 'Forbidden', 'exceeded quota: objects');
    },
  };
  const step = { clock: new ManualClock(), signal: new AbortController().signal };
  return await choosePlace(api as KubernetesApi, 'shop', seeded, [], step);
}

test('C16: the object of the markers has the labels of one seeded object, so that a selector by several values selects it', async () => {
  const seeded = [
    object('ConfigMap', 'kube-root-ca.crt'),
    object('ConfigMap', 'settings', { app: 'shop', tier: 'web' }),
    object('ConfigMap', 'pay', { app: 'pay', tier: 'web' }),
    object('Secret', 'payment'),
  ];
  const made = async (...roomFor: readonly string[]) =>
    (await placeBeside(seeded, roomFor)).create?.('shop', '').object;
  const own = { [MARKER_LABEL]: LANE };
  expect(await made('configmaps', 'secrets')).toMatchObject({ kind: 'ConfigMap' });
  expect(await made('configmaps', 'secrets')).toHaveProperty('metadata.labels', { app: 'shop', tier: 'web', ...own });
  expect(await made('secrets')).toMatchObject({ kind: 'Secret' });
  expect(await made('secrets')).toHaveProperty('metadata.labels', own);
});
