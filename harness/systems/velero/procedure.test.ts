import { describe, expect, test } from 'vitest';
import type { BackupStore } from '../../model/backup-store.ts';
import { gcsBackups } from '../gcs/backup-store.ts';
import { s3Backups } from '../s3/backup-store.ts';
import { parseEnvironment, parseScheduleOptions } from './options.ts';
import { veleroSchedule } from './procedure.ts';
import { drillSchedule } from './schedule.ts';

const hourly = { cron: '0 * * * *' };

describe('destination of veleroSchedule', () => {
  const scheduleOf = (options: object) =>
    drillSchedule('dr-x', parseScheduleOptions(options, undefined), { ASSET_NAMESPACE: 'dr-x' }, 'x').object;

  test('is S3 when left out: the Schedule names no storage location then', () => {
    const { needs, description } = veleroSchedule(hourly);
    expect(needs).toEqual(['kubernetes', 'velero', 's3']);
    expect(description).toBe('Velero schedule "0 * * * *" (UTC)');
    expect(scheduleOf(hourly)).not.toHaveProperty('spec.template.storageLocation');
    expect(scheduleOf({ ...hourly, destination: s3Backups })).toEqual(scheduleOf(hourly));
  });

  test('may be Google Cloud Storage: the Schedule names its location, and the record what its server does not evaluate', () => {
    const procedure = veleroSchedule({ ...hourly, destination: gcsBackups });
    expect(procedure.needs).toEqual(['kubernetes', 'velero', 'gcs', 'velero-gcs']);
    expect(procedure.description).toContain('to Google Cloud Storage');
    expect(procedure.differencesFromProduction?.({ name: 'local', capabilities: [] })).toEqual(gcsBackups.notEvaluated);
    expect(scheduleOf({ ...hourly, destination: gcsBackups })).toHaveProperty('spec.template.storageLocation', 'gcs');
  });

  test('cannot be Google Cloud Storage where buckets of S3 are copied into another region', () => {
    const offRegion = { copy: 'copy.sh', schedule: hourly };
    expect(() => veleroSchedule({ ...hourly, offRegion, destination: gcsBackups })).toThrow(
      /offRegion copies buckets of S3, and destination is Google Cloud Storage; leave one of the two out/,
    );
    expect(() => veleroSchedule({ ...hourly, offRegion, destination: s3Backups })).not.toThrow();
  });

  test('is no store to which Velero does not write', () => {
    const { inCluster: _, ...tape } = { ...s3Backups, name: 'Tape' };
    const destination: BackupStore = tape;
    expect(() => veleroSchedule({ ...hourly, destination })).toThrow(/Tape, to which no target's Velero writes/);
  });
});

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
