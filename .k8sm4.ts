import { startKubernetesTarget, beginDrill, platformConfiguration } from './harness/systems/kubernetes/testing.ts';
import { KubernetesApi } from './harness/systems/kubernetes/api.ts';
import { cp, readdir } from 'node:fs/promises';
await using started = await startKubernetesTarget();
const place = await started.target.sharedKubernetes();
const api = new KubernetesApi(place.kubeconfigPath);
const s = new AbortController();
let last = '';
const watch = (async () => { while (!s.signal.aborted) {
  const b: any = await api.getObject('/apis/velero.io/v1/namespaces/velero/backupstoragelocations/default', new AbortController().signal);
  const now = `${b.status.phase} ${b.status.message ?? ''} ${b.status.lastValidationTime}`;
  if (now !== last) { console.log(new Date().toISOString(), now); last = now; if (!now.startsWith('Available')) await cp(started.handle.sessionDir, '/tmp/k8sdev/session-copy', { recursive: true, force: true }).catch((e) => console.log(String(e))); }
  await new Promise((r) => setTimeout(r, 200));
} })();
const end = Date.now() + 260_000;
let i = 0;
while (Date.now() < end) {
  const disaster = ['namespace-deleted', 'namespace-deleted-to-staging', 'control-plane-lost'][i++ % 3]!;
  try { await using drill = await beginDrill(started.target, disaster, { manifests: platformConfiguration, secrets: 40, configMaps: 40 });
    const p = await drill.backUp(); await drill.strike(); await drill.restore(p); const c = await drill.compare();
    console.log(disaster, JSON.stringify(Object.fromEntries(drill.stagesMs)), c.firstDifferences.length);
  } catch (e) { console.log('FAILED', disaster, String(e)); }
}
s.abort(); await watch; api[Symbol.dispose]();
