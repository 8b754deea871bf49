import { bucket, contract, cronJobSchedule, offRegionCopy } from 'dr-contracts';

contract({
  name: 'backup-bucket-off-region',
  asset: bucket({
    objects: 80,
    prefixes: ['nats/', 'velero/backups/', 'velero/restores/'],
    largest: '6MiB',
    retention: { mode: 'GOVERNANCE', days: 1 },
  }),
  rto: '1h',
  // The bucket's own versions lose nothing, but they go with their region: what is left is as old as the last copy.
  rpo: '30m',
  priority: 'P1',
  owner: 'platform',
  cadence: '7d',
  audit: {
    impactAnalysis: 'fixtures/platform/impact-analysis.md',
    segregation: 'The copy lies in another region, which the loss of the first does not reach.',
  },
  controls: ['SOC 2 A1.2', 'SOC 2 A1.3', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-6', 'NIST SP 800-53 CP-9'],
  protectedBy: offRegionCopy({
    copy: 'fixtures/platform/scripts/buckets/bucket-copy.mjs',
    restore: 'fixtures/platform/scripts/buckets/bucket-copy.mjs',
    schedule: cronJobSchedule({ manifests: 'fixtures/platform/manifests/bucket-copy', name: 'bucket-copy' }),
  }),
  survives: ['region-lost'],
  detection: { failures: 3, every: '30s' },
  decision: '15m',
});
