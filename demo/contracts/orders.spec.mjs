import { contract, jetstream, script } from 'dr-contracts';

// One promise, and two backup jobs that claim to keep it. `npx dr-contracts demo` drills both.
const promise = {
  asset: jetstream({
    streams: [
      {
        name: 'orders',
        subjects: ['orders.created', 'orders.paid'],
        messages: 1_500,
        headers: true,
        consumer: { durable: 'billing', acknowledged: 0.5 },
      },
      { name: 'payments', subjects: ['payments.captured', 'payments.refunded'], messages: 1_500 },
    ],
  }),
  rto: '5m', // back within this
  rpo: '5m', // at most this much of acknowledged writes lost
  priority: 'P0',
  owner: 'the demo',
  survives: ['server-lost'],
};

// In a project of Yarn's Plug'n'Play, the scripts find their packages only by Yarn's own loader.
const environment = process.versions.pnp === undefined ? {} : { NODE_OPTIONS: process.env.NODE_OPTIONS };

const procedure = (backup) =>
  script({
    backup,
    restore: 'ops/restore.mjs',
    schedule: { cron: '*/2 * * * *', timeZone: 'UTC' },
    prefix: 'streams/',
    environment,
  });

contract({ ...promise, name: 'orders', protectedBy: procedure('ops/backup.mjs') });
contract({ ...promise, name: 'orders-repaired', protectedBy: procedure('ops/backup-repaired.mjs') });
