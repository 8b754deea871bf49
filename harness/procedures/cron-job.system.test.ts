import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginDrill } from '../systems/nats/testing.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { commands } from './commands.ts';
import { cronJob } from './cron-job.ts';

const target = sharedTarget();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-cron-job-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const stream = { name: 'orders', subjects: ['orders.paid'], messages: 20 };
const begin = () => beginDrill(target, 'stream-deleted', { streams: [stream] });
const platform = {
  manifests: 'fixtures/platform/manifests/nats-backup',
  name: 'nats-backup',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
};

describe('the platform’s CronJob', () => {
  test('has the schedule of its manifest, and says what of it a process does not show', () => {
    const procedure = cronJob(platform);
    expect(procedure.schedule).toEqual({ cron: '15 2 * * *', timeZone: 'Etc/UTC' });
    expect(procedure.differencesFromProduction?.({ name: 'local', capabilities: [] })).toEqual([
      expect.stringMatching(/ran as a process .* image kgents\/backup-tools:1\.0\.0 was not used.*\/scripts, \/work/),
    ]);
  });

  test('that takes the recent backups has its own schedule and prefix, and keeps nothing here', async () => {
    await using drill = await begin();
    const procedure = cronJob({ ...platform, name: 'nats-backup-recent' });
    expect(procedure.schedule).toEqual({ cron: '*/2 * * * *', timeZone: 'Etc/UTC' });
    const point = await drill.backUp(procedure);
    expect(point.location).toContain(`/nats/recent/${drill.drillId}/`);
    expect(point.claimed).not.toContain('local copies');
    await drill.strike();
    await drill.restore(point, procedure);
    expect((await drill.compare()).firstDifferences).toEqual([]);
  });

  test('backs up as its container would, and what it left restores everything', async () => {
    await using drill = await begin();
    const procedure = cronJob(platform);
    const point = await drill.backUp(procedure);
    expect(point).toMatchObject({ objects: 2, claimed: expect.stringContaining('uploaded and verified s3://') });
    expect(point.claimed).toMatch(/kept \S+\/root\/var\/backups\/nats\/\S+; local copies: 1/);
    await drill.strike();
    await drill.restore(point, procedure);
    const { items, firstDifferences } = await drill.compare();
    expect(firstDifferences).toEqual([]);
    expect(items.find(({ kind }) => kind === 'messages')).toMatchObject({ expected: 20, matched: 20 });
  });

  test('finds no credentials where the cluster has none, skips the upload, and is found out', async () => {
    await using drill = await begin();
    const without = cronJob({ ...platform, secrets: { 'nats-backup-s3': null } });
    await expect(drill.backUp(without)).rejects.toThrow(
      /CronJob kgents-agents\/nats-backup: expected a new object .* left nothing there; .*S3\/GCS upload skipped \(credentials not configured\)/s,
    );
  });
});

/** A CronJob with one of everything that a process can be given. */
const manifest = (name: string, spec: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data:
  run.sh: |
    #!/bin/sh
    set -eu
    [ -z "\${AWS_ACCESS_KEY_ID:-}" ]
    printf '%s ' "$SERVER" "$(cat /in/settings/level)" "$(cat /in/one)" "$(cat /in/all/id)" "$(cat /work/from-init)" "$(pwd)"
    [ ! -x /in/settings/level ]
    AWS_ACCESS_KEY_ID="$(cat /in/all/id)" AWS_SECRET_ACCESS_KEY="$(cat /in/all/secret)" \\
      aws s3 cp --only-show-errors /in/settings/level "$WHERE/point"
  level: high
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { id: REPLACE_WITH_ID, secret: REPLACE_WITH_SECRET }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: ${name} }
spec:
  schedule: "*/5 * * * *"
  ${spec}
  jobTemplate:
    spec:
      template:
        spec:
          initContainers:
            - { name: init, image: x, command: [sh, -c, "echo $(WHO) >/work/from-init"], env: [{ name: WHO, value: first }], volumeMounts: [{ name: work, mountPath: /work }] }
          containers:
            - name: main
              image: x
              command: [/in/run/run.sh]
              workingDir: /work
              env: [{ name: SERVER, value: "to:$(NATS_URL)" }, { name: TO, value: s3://production }, { name: WHERE, value: "$(TO)/daily" }]
              volumeMounts:
                - { name: run, mountPath: /in/run }
                - { name: settings, mountPath: /in/settings }
                - { name: settings, mountPath: /in/one, subPath: level }
                - { name: all, mountPath: /in/all }
                - { name: work, mountPath: /work }
          volumes:
            - { name: run, configMap: { name: ${name}, defaultMode: 0755, items: [{ key: run.sh, path: run.sh }] } }
            - { name: settings, configMap: { name: ${name} } }
            - { name: all, projected: { sources: [{ secret: { name: keys } }] } }
            - { name: work, emptyDir: {} }
`;

describe('anybody’s CronJob', () => {
  const write = async (name: string, spec = '') => {
    await writeFile(join(folder, `${name}.yaml`), manifest(name, spec));
    return { manifests: join(folder, `${name}.yaml`), name, restore: platform.restore, prefix: 'nats/' };
  };
  const secrets = { keys: { id: '$(AWS_ACCESS_KEY_ID)', secret: '$(AWS_SECRET_ACCESS_KEY)' } };

  test('finds its variables, ConfigMaps, Secrets and volumes where its pod would', async () => {
    await using drill = await begin();
    const environment = { TO: 's3://$(BACKUP_BUCKET)/$(BACKUP_PREFIX)' };
    const point = await drill.backUp(cronJob({ ...(await write('mounts')), secrets, environment }));
    const { accessKeyId, secretAccessKey } = target.s3;
    expect(point.claimed).toContain(`to:${drill.asset.environment()['NATS_URL']} high high *** first `);
    expect(point.claimed).not.toContain(accessKeyId);
    expect(point.claimed).not.toContain(secretAccessKey);
    expect(point).toMatchObject({ objects: 1, sizeBytes: 4, location: expect.stringMatching(/\/daily\/point$/) });
  });

  test('with a placeholder that nobody fills is refused by its name', async () => {
    await using drill = await begin();
    const unfilled = cronJob(await write('unfilled'));
    await expect(drill.backUp(unfilled)).rejects.toThrow(/Secret keys, key id: .*REPLACE_WITH_ID.*secrets: \{ 'keys'/);
  });

  test('that is suspended takes no backup, whatever its schedule says', async () => {
    await using drill = await begin();
    const suspended = cronJob({ ...(await write('suspended', 'suspend: true')), secrets });
    await expect(drill.backUp(suspended)).rejects.toThrow(
      'CronJob default/suspended: expected a schedule that starts it, but it is suspended (spec.suspend: true)',
    );
  });

  test('is missing: the others are named', async () => {
    const { manifests } = await write('there');
    expect(() => cronJob({ ...platform, manifests, name: 'absent' })).toThrow('there: default/there');
  });
});

describe('plain commands', () => {
  test('are given the drill’s places in their arguments and say what they left', async () => {
    await using drill = await begin();
    const procedure = commands({
      backup: ['aws', 's3', 'cp', '--only-show-errors', 'LICENSE', 's3://$(BACKUP_BUCKET)/$(BACKUP_PREFIX)LICENSE'],
      restore: ['sh', '-c', 'echo "WARNING: restored nothing from $RECOVERY_POINT"'],
      schedule: { cron: '0 * * * *' },
      prefix: 'nats/',
    });
    const point = await drill.backUp(procedure);
    expect(point).toMatchObject({ objects: 1, location: expect.stringMatching(/\/LICENSE$/) });
    await drill.strike();
    const report = await drill.restore(point, procedure);
    expect(report.warnings).toEqual([`WARNING: restored nothing from ${point.location}`]);
  });

  test('that would put a secret on a command line are refused', () => {
    const backup = ['curl', '--user', 'me:$(AWS_SECRET_ACCESS_KEY)'];
    expect(() => commands({ backup, restore: ['true'], schedule: { cron: '0 * * * *' }, prefix: '' })).toThrow(
      /commands\(…\): backup: .*secret on a command line/,
    );
  });
});
