import { contract, cronJobSchedule, kubernetesNamespace, veleroSchedule } from 'dr-contracts';

contract({
  name: 'secrets-and-configuration',
  asset: kubernetesNamespace({
    manifests: 'fixtures/platform/manifests/configuration',
    secrets: 30,
    configMaps: 30,
  }),
  rto: '30m',
  rpo: '1h',
  priority: 'P1',
  owner: 'platform',
  cadence: '7d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'SOC 2 A1.3', 'ISO 27001 A.5.30', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  protectedBy: veleroSchedule({
    manifest: 'fixtures/platform/manifests/velero',
    name: 'half-hourly',
    namespace: 'kgents-agents',
    clusterScoped: ['clusterroles', 'clusterrolebindings', 'priorityclasses'],
    offRegion: {
      copy: 'fixtures/platform/scripts/buckets/bucket-copy.mjs',
      schedule: cronJobSchedule({ manifests: 'fixtures/platform/manifests/bucket-copy', name: 'bucket-copy' }),
    },
  }),
  survives: ['namespace-deleted', 'namespace-deleted-to-staging', 'control-plane-lost', 'region-lost'],
  detection: { failures: 3, every: '30s' },
  decision: '10m',
  degraded: 'Pods that run go on with what they have loaded. None can start or restart, and nothing can be deployed.',
  runbook: {
    decides: 'The platform engineer on call; the incident lead, when the whole cluster is replaced',
    ifItFails:
      'Restore into a staging namespace beside it and copy what is missing by hand (kubectl get … -o yaml). Secrets that were rotated since the backup must be rotated again',
  },
});
