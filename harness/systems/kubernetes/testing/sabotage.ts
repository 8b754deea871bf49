import { configMapsPath, KubernetesApi, NAMESPACES } from '../../../clients/kubernetes-api.ts';
import type { OpenAsset } from '../../../model/asset.ts';

/** For tests only: damages restored objects where users read them. */
interface Sabotage {
  readonly asset: OpenAsset;
  readonly signal: AbortSignal;
}

/** Removes one key of a restored Secret. */
export async function dropOneSecretKey({ asset, signal }: Sabotage, secret: string, key: string): Promise<void> {
  await onRestored(asset, async (api, namespace) => {
    const patched = await api.patch(`${NAMESPACES}/${namespace}/secrets/${secret}`, { data: { [key]: null } }, signal);
    if (JSON.stringify(patched['data'] ?? {}).includes(`"${key}"`)) throw new Error(`${secret} still has ${key}`);
  });
}

/** Removes one restored ConfigMap. */
export async function dropOneConfigMap({ asset, signal }: Sabotage, name: string): Promise<void> {
  await onRestored(asset, async (api, namespace) => {
    const deleted = await api.delete(`${configMapsPath(namespace)}/${name}`, signal);
    if (!deleted) throw new Error(`there was no ConfigMap ${name} to drop`);
  });
}

/** Changes one label of a restored ConfigMap. */
export async function changeOneLabel(
  { asset, signal }: Sabotage,
  configMap: string,
  label: string,
  value: string,
): Promise<void> {
  await onRestored(asset, async (api, namespace) => {
    const patch = { metadata: { labels: { [label]: value } } };
    await api.patch(`${configMapsPath(namespace)}/${configMap}`, patch, signal);
  });
}

async function onRestored(
  asset: OpenAsset,
  work: (api: KubernetesApi, namespace: string) => Promise<void>,
): Promise<void> {
  const { KUBECONFIG = '', RESTORE_NAMESPACE = '' } = asset.environment();
  using api = new KubernetesApi(KUBECONFIG);
  await work(api, RESTORE_NAMESPACE);
}
