import { describe, expect, test } from 'vitest';
import { veleroSchedule } from './velero.ts';
import { parseEnvironment, parseScheduleOptions } from './velero-options.ts';

describe('veleroSchedule', () => {
  test('is read in UTC unless it says otherwise', () => {
    expect(veleroSchedule({ cron: '0 * * * *' }).schedule).toMatchObject({ cron: '0 * * * *', timeZone: 'UTC' });
    const berlin = veleroSchedule({ cron: '0 3 * * *', timeZone: 'Europe/Berlin', ttl: '30d' });
    expect(berlin.schedule).toMatchObject({ cron: '0 3 * * *', timeZone: 'Europe/Berlin', keptMs: 30 * 86_400_000 });
    expect(berlin.description).toBe('Velero schedule "0 3 * * *" (Europe/Berlin), kept for 2592000s');
  });

  test.each([
    [{ cron: '0 * * * *', tttl: '1h' }, /tttl/],
    [{ cron: '0 * * *' }, /cannot be read: it has 4 fields/],
    [{ cron: '0 3 * * 7' }, /cannot be read: "7" is not within 0 to 6/],
    [{ cron: '0 * * * *', ttl: '3 weeks' }, /ttl of veleroSchedule.*3 weeks/],
    [{ cron: '0 * * * *', existingResources: 'replace' }, /existingResources/],
    [{ cron: '0 * * * *', volumes: 'some' }, /volumes/],
    [{ cron: '0 * * * *', clusterScoped: ['Cluster Roles'] }, /clusterScoped.*clusterroles/],
  ])('refuses %j by name', (options, message) => {
    expect(() => parseScheduleOptions(options, undefined)).toThrow(message);
  });

  test('refuses an asset that is not in Kubernetes', () => {
    expect(() => parseEnvironment({ NATS_URL: 'nats://127.0.0.1:4222' })).toThrow(/KUBECONFIG.*another procedure/);
  });
});
