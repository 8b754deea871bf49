import { describe, expect, test } from 'vitest';
import { beginDrill } from '../systems/nats/testing.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { cronJob } from './cron-job.ts';

const target = sharedTarget();

const platform = {
  manifests: 'fixtures/platform/manifests/nats-backup',
  name: 'nats-backup',
  build: 'fixtures/platform/images/backup-tools',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
};
const begin = () =>
  beginDrill(target, 'stream-deleted', { streams: [{ name: 'orders', subjects: ['orders.paid'], messages: 20 }] });

describe('the platform’s CronJob, where pods run', () => {
  test('runs as a Job of its own, in its image, with its claim and Secrets, and restores', async () => {
    await using drill = await begin();
    const procedure = cronJob(platform);
    expect(procedure.differencesFromProduction?.(target)).toEqual([]);
    const point = await drill.backUp(procedure);
    expect(point.claimed).toMatch(/kept \/var\/backups\/nats\/\S+; local copies: 1/);
    expect(point.claimed).toContain('uploaded and verified s3://');
    await drill.strike();
    await drill.restore(point, procedure);
    expect((await drill.compare()).firstDifferences).toEqual([]);
  });

  test('whose image nobody has never starts, and says so', async () => {
    await using drill = await begin();
    const absent = cronJob({ ...platform, image: 'kgents/never-built:0', build: undefined });
    await expect(drill.backUp(absent)).rejects.toThrow(/its pod never starts \((ErrImagePull|ImagePullBackOff): /);
  });
});
