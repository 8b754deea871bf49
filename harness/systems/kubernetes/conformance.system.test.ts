import { configMapsPath, KubernetesApi } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { conformance, type Sabotage } from '../../conformance/suite.ts';
import { grafanaDashboards } from './acceptance/grafana-dashboards.ts';
import { kubernetesNamespace } from './kind.ts';
import { hourly } from './testing.ts';

/** Applies an operation to the first seeded ConfigMap. */
const toConfigMap =
  (work: (api: KubernetesApi, path: string, first: KubernetesObject) => Promise<unknown>): Sabotage =>
  async (asset, { signal }) => {
    const { KUBECONFIG = '', RESTORE_NAMESPACE = '' } = asset.environment();
    using api = new KubernetesApi(KUBECONFIG);
    const path = configMapsPath(RESTORE_NAMESPACE);
    for await (const object of api.list(path, signal)) {
      if (object.metadata.name === 'kube-root-ca.crt' || object.metadata.name === 'dr-markers') continue;
      await work(api, path, object);
      return;
    }
    throw new Error(`there is no ConfigMap in ${RESTORE_NAMESPACE}`);
  };
const never = new AbortController().signal;

const dashboards = kubernetesNamespace({
  manifests: 'fixtures/platform/manifests/dashboards',
  accepts: grafanaDashboards({ label: 'grafana_dashboard' }),
  secrets: 3,
});

conformance(dashboards, {
  protectedBy: hourly,
  disasters: ['namespace-deleted'],
  sabotage: {
    drop: toConfigMap((api, path, { metadata }) => api.delete(`${path}/${metadata.name}`, never)),
    alter: toConfigMap((api, path, { metadata }) =>
      api.patch(`${path}/${metadata.name}`, { data: { altered: 'yes' } }, never),
    ),
    add: toConfigMap((api, path) =>
      api.create(
        path,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'added' }, data: { added: 'yes' } },
        never,
      ),
    ),
    reorder: 'has no order',
  },
});
