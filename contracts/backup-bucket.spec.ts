import { bucket, contract, versioning } from 'dr-contracts';

contract({
  name: 'backup-bucket',
  asset: bucket({
    objects: 150,
    prefixes: ['nats/', 'velero/backups/', 'velero/restores/'],
    largest: '12MiB',
    // A thief with a writer's credentials must not get at one version: the bucket locks every one of them by itself.
    retention: { mode: 'GOVERNANCE', days: 30, everyVersion: true },
  }),
  rto: '15m',
  rpo: '0s',
  priority: 'P1',
  owner: 'platform',
  cadence: '7d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  protectedBy: versioning({ restore: 'fixtures/platform/scripts/buckets/bucket-restore.mjs' }),
  survives: ['objects-deleted', 'objects-overwritten', 'objects-encrypted'],
  detection: { failures: 3, every: '30s' },
  decision: '5m',
  degraded:
    'Everything runs; only backups and restores do not. Stop the backup jobs, so that they write nothing new over the damage.',
  runbook: {
    decides:
      'The platform engineer on call together with whoever leads the incident, once the writer of the damage is locked out',
    ifItFails:
      'Run the same command again with an earlier RECOVERY_POINT_TIME: it changes only what differs, and removes no version',
  },
});
