import { defineContract } from '../contract/define.ts';
import { jetstream, script } from '../index.ts';
import type { Contract } from '../model/contract.ts';

export const scripts = {
  backup: 'fixtures/platform/scripts/nats-backup.sh',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
} as const;

/** One stream of so many messages, protected by the platform's own scripts. */
export const natsContract = (name: string, messages: number, payload: string): Contract =>
  defineContract({
    name,
    asset: jetstream({ streams: [{ name, subjects: [`${name}.a`], messages, payload }] }),
    rto: '2h',
    rpo: '5m',
    priority: 'P3',
    owner: 'bench',
    protectedBy: script({ ...scripts, schedule: { cron: '*/2 * * * *', timeZone: 'UTC' }, prefix: 'nats/' }),
    survives: ['stream-deleted'],
  });
