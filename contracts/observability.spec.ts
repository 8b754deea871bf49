import { contract, kubernetesNamespace, sparing, veleroSchedule } from 'dr-contracts';

const api = kubernetesNamespace({
  manifests: 'fixtures/platform/manifests/api',
  service: { name: 'api-edge', reads: '/v1/identity', writes: '/v1/orders' },
});

const metrics = kubernetesNamespace({
  manifests: 'fixtures/platform/manifests/observability',
  service: {
    name: 'prometheus-edge',
    live: '/-/healthy',
    ready: '/-/ready',
    // What Prometheus has loaded of its restored configuration.
    reads: '/api/v1/status/config',
  },
});

contract({
  name: 'observability',
  // The metrics stack may go away for an hour; the API must not notice.
  asset: sparing({ asset: metrics, bystander: api }),
  rto: '1h',
  // Metrics are not promised: the stack's configuration must come back as it was backed up.
  rpo: 'none',
  priority: 'P2',
  owner: 'platform',
  cadence: '30d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.5.30', 'NIST SP 800-53 CP-10'],
  protectedBy: veleroSchedule({
    manifest: 'fixtures/platform/manifests/velero',
    name: 'half-hourly',
    namespace: 'kgents-observability',
  }),
  survives: ['namespace-deleted'],
  detection: { failures: 3, every: '30s' },
  decision: '10m',
});
