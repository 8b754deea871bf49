import { contract, cronJob, jetstream } from 'dr-contracts';

contract({
  name: 'nats-archive',
  asset: jetstream({
    streams: [
      {
        name: 'orders',
        subjects: ['orders.created', 'orders.paid', 'orders.shipped'],
        messages: 3_000,
        headers: true,
        consumer: { durable: 'billing', acknowledged: 0.5 },
      },
    ],
    keyValue: [{ bucket: 'settings', keys: 60, history: 4 }],
    objectStores: [{ bucket: 'invoices', objects: 3, largest: '1MiB' }],
  }),
  rto: '4h',
  // A daily copy cannot keep the five minutes of the streams: it is there for what is found out late. Two days, should one
  // night's run fail; a copy older than 25 h is a warning already.
  rpo: '48h',
  freshness: { below: '25h', critical: '48h' },
  priority: 'P2',
  owner: 'messaging',
  cadence: '30d',
  audit: {
    impactAnalysis: 'fixtures/platform/impact-analysis.md',
    segregation: 'The rehearsal restores into a server of its own, beside the living original.',
  },
  controls: ['SOC 2 A1.2', 'SOC 2 A1.3', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  // Its schedule, command, variables and mounts are those of the manifest: nightly, by UTC.
  protectedBy: cronJob({
    manifests: 'fixtures/platform/manifests/nats-backup',
    name: 'nats-backup',
    build: 'fixtures/platform/images/backup-tools',
    restore: 'fixtures/platform/scripts/nats-restore.sh',
  }),
  survives: ['rehearsal'],
  decision: '30m',
});
