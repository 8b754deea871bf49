import { expect, it } from 'vitest';
import type { Contract } from '../../model/contract.ts';
import type { PostureContext } from '../../model/posture.ts';
import { cronJobRuns, veleroScheduleRuns } from './schedules.ts';

const named = { namespace: 'agents', name: 'nats-backup' };
/** The check reads contracts first; everything after that needs a cluster. */
const contextOf = (...contracts: { name: string; rpoMs: number }[]): PostureContext =>
  ({
    project: { contracts: async () => contracts as unknown as readonly Contract[] },
    target: { place: async () => Promise.reject(new Error('the cluster is asked next')) },
  }) as unknown as PostureContext;

it('takes the RPO from the contract that `for` names', async () => {
  const check = cronJobRuns({ ...named, for: 'nats-streams' });
  expect(check.promise).toBe('CronJob agents/nats-backup runs often enough for the RPO of contract nats-streams');
  await expect(check.observe(contextOf({ name: 'nats-streams', rpoMs: 300_000 }))).rejects.toThrow(/asked next/);
  await expect(check.observe(contextOf({ name: 'nats-stream', rpoMs: 300_000 }))).rejects.toThrow(
    /one of the contracts nats-stream in `for`.*"nats-streams" \(did you mean "nats-stream"\?\)/,
  );
});

it('refuses an RPO beside the contract that has one, and neither of them', () => {
  expect(() => cronJobRuns({ ...named, rpo: '25h', for: 'nats-streams' })).toThrow(/it has both/);
  expect(() => veleroScheduleRuns({ name: 'daily' })).toThrow(/it has neither/);
});
