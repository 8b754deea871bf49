import { contract, kubernetesNamespace, veleroSchedule } from 'dr-contracts';

contract({
  name: 'api',
  asset: kubernetesNamespace({
    manifests: 'fixtures/platform/manifests/api',
    service: { name: 'api-edge', reads: '/v1/identity', writes: '/v1/orders' },
  }),
  rto: '5m',
  // The API keeps no data: its configuration must come back as it was backed up.
  rpo: 'none',
  priority: 'P0',
  owner: 'platform',
  cadence: '7d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'SOC 2 A1.3', 'ISO 27001 A.5.30', 'NIST SP 800-53 CP-10'],
  protectedBy: veleroSchedule({
    manifest: 'fixtures/platform/manifests/velero',
    name: 'half-hourly',
    namespace: 'kgents-api',
  }),
  survives: ['namespace-deleted'],
  detection: { failures: 3, every: '30s' },
  degraded: 'Nothing answers on the API. Streams, workers and scheduled jobs that do not call it go on.',
  runbook: {
    decides: 'The platform engineer on call, alone: the API keeps nothing that a restore could overwrite',
    ifItFails:
      'Delete what came back half (kubectl delete namespace) and restore again under a new name, from the backup before. Still red after two: call the owner',
  },
});
