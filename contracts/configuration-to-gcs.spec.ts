import { contract, gcsBackups, kubernetesNamespace, veleroSchedule } from 'dr-contracts';

// The same backup with the alternative store: Google Cloud Storage instead of S3.
contract({
  name: 'configuration-to-gcs',
  asset: kubernetesNamespace({
    manifests: 'fixtures/platform/manifests/configuration',
    secrets: 10,
    configMaps: 10,
  }),
  rto: '30m',
  rpo: '1h',
  priority: 'P2',
  owner: 'platform',
  cadence: '30d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  protectedBy: veleroSchedule({
    manifest: 'fixtures/platform/manifests/velero-gcs',
    name: 'half-hourly',
    namespace: 'kgents-agents',
    clusterScoped: ['clusterroles', 'clusterrolebindings', 'priorityclasses'],
    destination: gcsBackups,
  }),
  survives: ['namespace-deleted', 'control-plane-lost'],
  detection: { failures: 3, every: '30s' },
  decision: '10m',
});
