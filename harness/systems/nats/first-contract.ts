import type { FirstContract, OwnScripts } from '../../registered/first-contract.ts';

const STARTER_SCRIPTS: OwnScripts = { backup: 'ops/nats-backup.sh', restore: 'ops/nats-restore.sh' };

/** A stream that the user's own scripts save. */
export const natsFirstContract: FirstContract = {
  proposed: { name: 'orders', rto: '15m', rpo: '5m', cron: '*/2 * * * *' },
  detection: { failures: 3, every: '30s' },
  decision: '5m',
  firstBuild: 'a few minutes',
  scripts: STARTER_SCRIPTS,
  imports: ['jetstream', 'script'],
  asset: `  // The streams are made and filled by the drill: describe yours, and nothing of production is touched.
  asset: jetstream({
    streams: [
      {
        name: 'orders',
        subjects: ['orders.created', 'orders.paid'],
        messages: 2_000,
        headers: true,
        consumer: { durable: 'billing', acknowledged: 0.5 },
      },
    ],
  }),
`,
  protectedBy: (cron, { backup, restore } = STARTER_SCRIPTS) => `  // Your own scripts, run as they are.
  protectedBy: script({
    backup: '${backup}',
    restore: '${restore}',
    schedule: { cron: '${cron}', timeZone: 'UTC' },
    prefix: 'nats/',
  }),
`,
  survives: ['stream-deleted', 'server-lost'],
};
