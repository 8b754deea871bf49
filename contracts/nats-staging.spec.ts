import { contract, cronJob, jetstream, natsStatefulSet } from 'dr-contracts';

// The plan's own first restore: from the bucket into a staging namespace, beside the living original.
contract({
  name: 'nats-staging',
  asset: jetstream({
    server: natsStatefulSet({
      manifests: 'fixtures/platform/manifests/nats',
      statefulSet: 'nats',
      service: 'nats-edge',
    }),
    streams: [
      {
        name: 'orders',
        subjects: ['orders.created', 'orders.paid'],
        messages: 2_000,
        headers: true,
        consumer: { durable: 'billing', acknowledged: 0.5 },
      },
    ],
    keyValue: [{ bucket: 'settings', keys: 50, history: 4 }],
  }),
  rto: '4h',
  // As for nats-archive: two days, should one night's run fail.
  rpo: '48h',
  freshness: { below: '25h', critical: '48h' },
  priority: 'P2',
  owner: 'messaging',
  cadence: '30d',
  audit: {
    impactAnalysis: 'fixtures/platform/impact-analysis.md',
    segregation: 'The rehearsal restores into a StatefulSet in a namespace of its own, beside the living original.',
  },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.13', 'NIST SP 800-53 CP-9'],
  protectedBy: cronJob({
    manifests: 'fixtures/platform/manifests/nats-backup',
    name: 'nats-backup',
    build: 'fixtures/platform/images/backup-tools',
    restore: 'fixtures/platform/scripts/nats-restore.sh',
  }),
  survives: ['rehearsal'],
  decision: '30m',
});
