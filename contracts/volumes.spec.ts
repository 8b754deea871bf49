import { contract, kubernetesNamespace, veleroSchedule } from 'dr-contracts';

contract({
  name: 'uploads',
  asset: kubernetesNamespace({
    volumes: [{ name: 'uploads', files: 2_000, largest: '32MiB', beforeBackup: 'sync' }],
    secrets: 2,
  }),
  rto: '30m',
  rpo: '1h',
  priority: 'P2',
  owner: 'platform',
  cadence: '30d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  protectedBy: veleroSchedule({
    manifest: 'fixtures/platform/manifests/velero',
    name: 'half-hourly',
    namespace: 'kgents-uploads',
  }),
  survives: ['namespace-deleted', 'control-plane-lost'],
  detection: { failures: 3, every: '30s' },
  decision: '10m',
  degraded: 'Uploads are refused, and files that were uploaded cannot be read. Everything else works.',
  runbook: {
    decides: 'The platform engineer on call',
    ifItFails:
      'Look at the node agent (kubectl logs --namespace velero daemonset/node-agent). A claim that stays Pending wants a storage class that the cluster has',
  },
});
