import { contract, cronJob, jetstream } from 'dr-contracts';

contract({
  name: 'nats-streams',
  asset: jetstream({
    streams: [
      {
        name: 'orders',
        subjects: ['orders.created', 'orders.paid', 'orders.shipped'],
        messages: 8_000,
        headers: true,
        consumer: { durable: 'billing', acknowledged: 0.5 },
      },
      {
        name: 'jobs',
        subjects: ['jobs.email', 'jobs.invoice'],
        retention: 'workqueue',
        messages: 2_000,
        consumer: { durable: 'worker', acknowledged: 0.25 },
      },
    ],
    keyValue: [{ bucket: 'settings', keys: 150, history: 8 }],
    objectStores: [{ bucket: 'invoices', objects: 5, largest: '4MiB' }],
  }),
  rto: '15m',
  rpo: '5m',
  priority: 'P1',
  owner: 'messaging',
  cadence: '7d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'SOC 2 A1.3', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9', 'NIST SP 800-53 CP-10'],
  protectedBy: cronJob({
    manifests: 'fixtures/platform/manifests/nats-backup',
    name: 'nats-backup-recent',
    build: 'fixtures/platform/images/backup-tools',
    restore: 'fixtures/platform/scripts/nats-restore.sh',
  }),
  survives: ['stream-deleted', 'server-lost'],
  detection: { failures: 3, every: '30s' },
  decision: '5m',
  degraded:
    'The API answers and reads what it keeps elsewhere; orders are refused, jobs wait with those who send them.',
  runbook: {
    decides: 'The messaging engineer on call; the incident lead, when writes since the last backup would be lost',
    ifItFails:
      'A stream that is half restored must be deleted before the next try (nats stream rm). If the backup is refused for its digest, take the one before it',
  },
});
