import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { beginDrill } from '../systems/nats/testing.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { cronJob } from './cron-job.ts';

const target = sharedTarget();
const image = 'kgents/backup-tools:1.0.0';

/** From images that the target needs anyway: this test pulls nothing. */
const dockerfile = `
FROM localstack/localstack:4.13.1
COPY --from=natsio/nats-box:0.5.1 /usr/local/bin/nats /usr/local/bin/nats
RUN printf '#!/bin/sh\\nPYTHONPATH=/opt/code/localstack/site exec python3 -m awscli "$@"\\n' >/usr/local/bin/aws && chmod +x /usr/local/bin/aws
ENTRYPOINT []
`;

beforeAll(async () => {
  await execa('docker', ['build', '--tag', image, '-'], { input: dockerfile });
});

const platform = {
  manifests: 'fixtures/platform/manifests/nats-backup',
  name: 'nats-backup',
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
    const absent = cronJob({ ...platform, image: 'kgents/never-built:0' });
    await expect(drill.backUp(absent)).rejects.toThrow(/its pod never starts \((ErrImagePull|ImagePullBackOff): /);
  });
});
