import { contract, cronJob, jetstream, jetstreamReplicas } from 'dr-contracts';

// The same streams, each on three servers. Replicas answer for a node; only the backup answers for the whole cluster.
const asset = jetstream({
  replicas: 3,
  streams: [
    {
      name: 'payments',
      subjects: ['payments.authorised', 'payments.settled'],
      messages: 2_000,
      headers: true,
      consumer: { durable: 'ledger', acknowledged: 0.5 },
    },
  ],
  keyValue: [{ bucket: 'limits', keys: 40, history: 4 }],
});

contract({
  name: 'nats-cluster-node',
  asset,
  rto: '5m',
  rpo: '1s',
  priority: 'P1',
  owner: 'messaging',
  cadence: '7d',
  audit: { impactAnalysis: 'fixtures/platform/impact-analysis.md' },
  controls: ['SOC 2 A1.2', 'ISO 27001 A.8.14', 'NIST SP 800-53 CP-10'],
  protectedBy: jetstreamReplicas(),
  survives: ['node-lost'],
  detection: { failures: 3, every: '30s' },
});

contract({
  name: 'nats-cluster',
  asset,
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
  survives: ['server-lost'],
  detection: { failures: 3, every: '30s' },
  decision: '5m',
});
