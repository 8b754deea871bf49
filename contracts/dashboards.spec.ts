import { contract, grafanaDashboards, kubernetesNamespace, veleroSchedule } from 'dr-contracts';

contract({
  name: 'dashboards',
  asset: kubernetesNamespace({
    manifests: 'fixtures/platform/manifests/dashboards',
    accepts: grafanaDashboards({ label: 'grafana_dashboard' }),
  }),
  rto: '2h',
  // Nothing is promised about the last edits: dashboards must come back as they were backed up.
  rpo: 'none',
  priority: 'P3',
  owner: 'platform',
  cadence: '30d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  protectedBy: veleroSchedule({
    manifest: 'fixtures/platform/manifests/velero',
    name: 'half-hourly',
    namespace: 'kgents-dashboards',
  }),
  survives: ['namespace-deleted'],
  decision: '30m',
});
