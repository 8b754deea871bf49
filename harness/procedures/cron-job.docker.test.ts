import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { manifestRenderer } from '../manifests/render.ts';
import { isNotProvableHere } from '../model/errors.ts';
import { beginDrill } from '../systems/nats/testing.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import type { CronJobOptions } from './cron-job/options.ts';
import { cronJob } from './cron-job.ts';

const target = sharedTarget();
const render = manifestRenderer(target.tool('kubectl'), new AbortController().signal);
const prepared = async (options: CronJobOptions) => (await cronJob(options).prepared?.(render)) ?? cronJob(options);

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
    const procedure = await prepared(platform);
    expect(procedure.differencesFromProduction?.(target)).toEqual([]);
    const point = await drill.backUp(procedure);
    expect(point.claimed).toMatch(/kept \/var\/backups\/nats\/\S+; local copies: 1/);
    expect(point.claimed).toContain('uploaded and verified s3://');
    await drill.strike();
    await drill.restore(point, procedure);
    expect((await drill.compare()).firstDifferences).toEqual([]);
  });
});

interface Own {
  readonly name: string;
  readonly backup: string;
  readonly restore: string;
  readonly initContainers?: readonly object[];
  readonly mounts?: readonly object[];
  readonly volumes?: readonly object[];
  /** Of the main container. */
  readonly image?: string;
  readonly imagePullPolicy?: string;
}

/** A CronJob that runs a shell script in the platform's image, and a script that restores what it left. */
async function ownCronJob({
  name,
  backup,
  restore,
  initContainers = [],
  mounts = [],
  volumes = [],
  image = IMAGE,
  imagePullPolicy = 'IfNotPresent',
}: Own) {
  const folder = await mkdtemp(join(tmpdir(), 'dr-cron-job-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [manifests, restoreScript] = [join(folder, 'manifests.yaml'), join(folder, 'restore.sh')];
  const container = {
    name: 'main',
    image,
    imagePullPolicy,
    command: ['sh', '-euc', backup],
    envFrom: [{ secretRef: { name: 'keys' } }],
    env: [
      { name: 'USER', value: 'backup' },
      { name: 'HOME', value: '/tmp' },
    ],
    volumeMounts: mounts,
  };
  const pod = { restartPolicy: 'Never', initContainers, containers: [container], volumes };
  const objects = [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: {} },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'state' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name },
      spec: {
        schedule: '*/5 * * * *',
        timeZone: 'Etc/UTC',
        jobTemplate: { spec: { backoffLimit: 0, template: { spec: pod } } },
      },
    },
  ];
  await writeFile(manifests, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  await writeFile(restoreScript, `#!/bin/sh\nset -eu\n${restore}\n`);
  await chmod(restoreScript, 0o755);
  const keys = { AWS_ACCESS_KEY_ID: '$(AWS_ACCESS_KEY_ID)', AWS_SECRET_ACCESS_KEY: '$(AWS_SECRET_ACCESS_KEY)' };
  const build = image === IMAGE ? platform.build : undefined;
  return await prepared({ manifests, name, build, restore: restoreScript, prefix: 'own/', secrets: { keys } });
}

const IMAGE = 'kgents/backup-tools:1.0.0';
const upload = (file: string) => `aws s3 cp --only-show-errors ${file} "s3://$BACKUP_BUCKET/$BACKUP_PREFIX"point`;
const download = 'aws s3 cp --only-show-errors "$RECOVERY_POINT" ./point';

describe('anybody’s CronJob, where pods run', () => {
  const failureOf = async (image: string, imagePullPolicy: string) => {
    await using drill = await begin();
    const procedure = await ownCronJob({ name: 'no-image', backup: 'true', restore: 'true', image, imagePullPolicy });
    return await drill.backUp(procedure).then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  test('whose image is not there and may not be pulled never starts: that is the platform’s failure', async () => {
    const failure = await failureOf('kgents/never-built:0', 'Never');
    expect(String(failure)).toMatch(/its pod never starts \(ErrImageNeverPull: /);
    expect(isNotProvableHere(failure)).toBe(false);
  });

  test('B20: whose image lies in a registry that cannot be reached proves nothing', async () => {
    const failure = await failureOf('127.0.0.1:1/kgents/backup-tools:1.0.0', 'Always');
    expect(String(failure)).toMatch(
      /the registry could not be reached \((ErrImagePull|ImagePullBackOff): .*connection refused/,
    );
    expect(isNotProvableHere(failure)).toBe(true);
  });

  test.each([
    ['the file system of its pod', []],
    ['an emptyDir', [{ name: 'state', emptyDir: {} }]],
    ['the claim of its pod', [{ name: 'state', persistentVolumeClaim: { claimName: 'state' } }]],
  ])('whose dump stays in %s leaves nothing that a restore could use', async (_place, volumes) => {
    await using drill = await begin();
    const procedure = await ownCronJob({
      name: 'keeps-its-dump',
      backup: `mkdir -p /state; nats --server "$NATS_URL" stream backup "$STREAMS" /state/dump; test -d /state/dump
        echo /state/dump >/tmp/pointer; ${upload('/tmp/pointer')}`,
      restore: `${download}; path=$(cat ./point); [ -d "$path" ] || { echo "no dump at $path" >&2; exit 1; }
        nats --server "$NATS_URL" stream restore "$path"`,
      mounts: volumes.map(({ name }) => ({ name, mountPath: '/state' })),
      volumes,
    });
    const point = await drill.backUp(procedure);
    expect(point.objects).toBe(1);
    await drill.strike();
    await expect(drill.restore(point, procedure)).rejects.toThrow(/no dump at \/state\/dump/);
    expect((await drill.compare()).firstDifferences).not.toEqual([]);
  });

  test('C20: completes although a native sidecar runs beside it for ever', async () => {
    await using drill = await begin();
    const mounts = [{ name: 'shared', mountPath: '/shared' }];
    const procedure = await ownCronJob({
      name: 'with-a-sidecar',
      backup: `nats --server "$NATS_URL" stream backup "$STREAMS" /tmp/dump; cp /shared/from-sidecar /tmp/dump/
        tar -C /tmp -cf /tmp/dump.tar dump; ${upload('/tmp/dump.tar')}`,
      restore: `${download}; tar -xf ./point; grep -q "the sidecar runs" dump/from-sidecar; rm dump/from-sidecar
        nats --server "$NATS_URL" stream restore ./dump`,
      initContainers: [
        {
          name: 'sidecar',
          image: IMAGE,
          restartPolicy: 'Always',
          command: ['sh', '-c', 'echo the sidecar runs >/shared/from-sidecar; while :; do sleep 1; done'],
          startupProbe: { exec: { command: ['test', '-s', '/shared/from-sidecar'] }, periodSeconds: 1 },
          volumeMounts: mounts,
        },
      ],
      mounts,
      volumes: [{ name: 'shared', emptyDir: {} }],
    });
    const point = await drill.backUp(procedure);
    await drill.strike();
    await drill.restore(point, procedure);
    expect((await drill.compare()).firstDifferences).toEqual([]);
  });
});
