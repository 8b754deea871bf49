import { contract, cronJob, gcsBackups, jetstream } from 'dr-contracts';

// The same backup with the alternative store: Google Cloud Storage instead of S3.
contract({
  name: 'nats-to-gcs',
  asset: jetstream({
    streams: [
      {
        name: 'orders',
        subjects: ['orders.created', 'orders.paid', 'orders.shipped'],
        messages: 2_000,
        headers: true,
        consumer: { durable: 'billing', acknowledged: 0.5 },
      },
    ],
    keyValue: [{ bucket: 'settings', keys: 40, history: 4 }],
    objectStores: [{ bucket: 'invoices', objects: 3, largest: '1MiB' }],
  }),
  rto: '15m',
  rpo: '5m',
  priority: 'P2',
  owner: 'messaging',
  cadence: '30d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  protectedBy: cronJob({
    manifests: 'fixtures/platform/manifests/nats-backup-gcs',
    name: 'nats-backup-recent-gcs',
    restore: 'fixtures/platform/scripts/gcs/nats-restore-gcs.sh',
    destination: gcsBackups,
  }),
  survives: ['server-lost'],
  detection: { failures: 3, every: '30s' },
  decision: '5m',
  runbook: {
    decides: 'The messaging engineer on call; the incident lead, when writes since the last backup would be lost',
    ifItFails:
      'HTTP 401 means that GOOGLE_OAUTH_ACCESS_TOKEN is not set or has expired: gcloud auth print-access-token gives a new one',
  },
});
