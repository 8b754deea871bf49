import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestRenderer } from '../manifests/render.ts';
import { beginDrill } from '../systems/nats/testing.ts';
import { s3Store } from '../systems/s3/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { commands } from './commands.ts';
import type { CronJobOptions } from './cron-job/options.ts';
import { cronJob } from './cron-job.ts';

const target = sharedTarget();
const render = manifestRenderer(target.tool('kubectl'), new AbortController().signal);
const prepared = async (options: CronJobOptions) => (await cronJob(options).prepared?.(render)) ?? cronJob(options);
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
  test('has the schedule of its manifest, and says what of it a process does not show', async () => {
    const procedure = await prepared(platform);
    expect(procedure.schedule).toMatchObject({
      cron: '15 2 * * *',
      timeZone: 'Etc/UTC',
      runs: { concurrency: 'Forbid' },
    });
    expect(procedure.differencesFromProduction?.({ name: 'local', capabilities: [] })).toEqual([
      expect.stringMatching(/ran as a process .* image kgents\/backup-tools:1\.0\.0 was not used.*\/scripts, \/work/),
    ]);
  });

  test('that takes the recent backups has its own schedule and prefix, and keeps nothing here', async () => {
    await using drill = await begin();
    const procedure = await prepared({ ...platform, name: 'nats-backup-recent' });
    expect(procedure.schedule).toMatchObject({
      cron: '*/2 * * * *',
      timeZone: 'Etc/UTC',
      runs: { concurrency: 'Forbid' },
    });
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
    expect(point.claimed).toMatch(/kept \/var\/backups\/nats\/\S+; local copies: 1/);
    expect(point.machine).toEqual({ kept: [], left: [], leftFiles: 0 });
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
    const { accessKeyId, secretAccessKey } = await target.place(s3Store);
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
      /CronJob default\/suspended in .*no backup is ever taken: it is suspended \(spec\.suspend: true\)/,
    );
  });

  test('is missing: the others are named', async () => {
    const { manifests } = await write('there');
    await expect(prepared({ ...platform, manifests, name: 'absent' })).rejects.toThrow('there: default/there');
  });
});

/** A CronJob whose container runs `backup` and whose restore runs `restore`, with what a test needs beside them. */
async function cronJobOf(
  name: string,
  given: {
    readonly backup: string;
    readonly restore?: string;
    readonly pod?: string;
    readonly mounts?: string;
    readonly volumes?: string;
    readonly keeps?: CronJobOptions['keeps'];
  },
) {
  const own = join(folder, name);
  await mkdir(own, { recursive: true });
  const indent = (text: string) =>
    text
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n');
  await writeFile(
    join(own, 'all.yaml'),
    `apiVersion: v1
kind: ConfigMap
metadata: { name: scripts, namespace: ops }
data:
  backup.sh: |
    set -euo pipefail
${indent(given.backup)}
---
apiVersion: v1
kind: Secret
metadata: { name: backup-key, namespace: ops }
stringData: { passphrase: correct-horse-battery }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: backup, namespace: ops }
spec:
  schedule: "*/5 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
${given.pod ?? ''}
          containers:
            - name: backup
              image: tools:1
              command: ["bash", "/scripts/backup.sh"]
              env:
                - { name: AWS_ACCESS_KEY_ID, value: $(ID) }
                - { name: AWS_SECRET_ACCESS_KEY, value: $(KEY) }
              volumeMounts: [ { name: scripts, mountPath: /scripts }${given.mounts ?? ''} ]
          volumes:
            - { name: scripts, configMap: { name: scripts } }
${given.volumes ?? ''}
`,
  );
  const restore = join(own, 'restore.sh');
  await writeFile(restore, `#!/usr/bin/env bash\nset -euo pipefail\n${given.restore ?? 'true'}\n`, { mode: 0o755 });
  const environment = { ID: '$(AWS_ACCESS_KEY_ID)', KEY: '$(AWS_SECRET_ACCESS_KEY)' };
  const places = { manifests: join(own, 'all.yaml'), name: 'backup', namespace: 'ops', restore, prefix: 'nats/' };
  return cronJob({ ...places, environment, ...(given.keeps === undefined ? {} : { keeps: given.keeps }) });
}

const upload = (file: string) =>
  `aws s3 cp --only-show-errors ${file} "s3://$BACKUP_BUCKET/\${BACKUP_PREFIX}$(basename ${file})"`;
const download = 'aws s3 cp --only-show-errors --recursive "$(dirname "$RECOVERY_POINT")/" "$WORK_DIR"';

describe('what runs as a process keeps to its pod', () => {
  test('C01: a script’s own default path is its volume, and the host’s file at the same path survives', async () => {
    const host = await mkdtemp('/srv/dr-case-store-');
    try {
      const precious = join(host, 'precious.gz');
      await writeFile(precious, 'precious');
      await utimes(precious, 0, 0);
      await using drill = await begin();
      const procedure = await cronJobOf('c01', {
        backup: `STORE="\${STORE:-${host}}"
set_name="set-$(date -u +%Y%m%dT%H%M%SZ)"
for stream in $STREAMS; do nats --server "$NATS_URL" backup stream --no-progress --consumers "$stream" "$STORE/$set_name/$stream"; done
tar -C "$STORE" -czf "$STORE/$set_name.gz" "$set_name"
tar -C${host} -tzf "\${STORE}/$set_name.gz" >/dev/null
${upload('"$STORE/$set_name.gz"')}
find "$STORE" -name '*.gz' -mtime +7 -delete`,
        mounts: `, { name: store, mountPath: ${host}/ }`,
        volumes: '            - { name: store, persistentVolumeClaim: { claimName: store } }',
      });
      const point = await drill.backUp(procedure);
      expect(point).toMatchObject({ objects: 1 });
      expect(await readdir(host)).toEqual(['precious.gz']);
      expect(await readFile(precious, 'utf8')).toBe('precious');
    } finally {
      await rm(host, { recursive: true, force: true });
    }
  });

  test('volumes have their real modes: read-only, subPath, projected, an emptyDir at /tmp', async () => {
    await using drill = await begin();
    const procedure = await cronJobOf('modes', {
      backup: `echo x >/tmp/of-the-pod && echo y >/data/in/x
(echo no >/locked/x) 2>/dev/null && exit 7
(echo no >/scripts/x) 2>/dev/null && exit 8
(echo no >/projected/passphrase) 2>/dev/null && exit 9
[ "$(cat /one)" = correct-horse-battery ] && [ "$(stat -c %a /projected/passphrase)" = 400 ]
[ "$(cat /volume/part/x)" = y ] && [ -f /volume-of-tmp/of-the-pod ]
echo done >"$WORK_DIR/point" && ${upload('"$WORK_DIR/point"')}`,
      mounts: `, { name: tmp, mountPath: /tmp }, { name: tmp, mountPath: /volume-of-tmp/ }, { name: data, mountPath: /data/in, subPath: part }, { name: data, mountPath: /volume }
                , { name: data, mountPath: /locked, readOnly: true }, { name: keys, mountPath: /one, subPath: passphrase }, { name: keys, mountPath: /projected }`,
      volumes: `            - { name: tmp, emptyDir: {} }
            - { name: data, persistentVolumeClaim: { claimName: data } }
            - { name: keys, projected: { defaultMode: 0400, sources: [ { secret: { name: backup-key } } ] } }`,
    });
    expect(await drill.backUp(procedure)).toMatchObject({ objects: 1 });
  });

  test('a link in a volume leads to no file of the host', async () => {
    await using drill = await begin();
    const procedure = await cronJobOf('link', {
      pod: `          initContainers:
            - { name: trap, image: x, command: [sh, -c, "ln -s ${folder} /data/part"], volumeMounts: [ { name: data, mountPath: /data } ] }`,
      backup: 'ls /part',
      mounts: ', { name: data, mountPath: /part, subPath: part }',
      volumes: '            - { name: data, emptyDir: {} }',
    });
    await expect(drill.backUp(procedure)).rejects.toThrow('is a link that leads out of it');
  });

  test('C20: a native sidecar starts, is waited for until its startup probe succeeds, and ends with the container', async () => {
    await using drill = await begin();
    const marker = `33${process.pid}`;
    const procedure = await cronJobOf('c20', {
      pod: `          initContainers:
            - name: proxy
              image: p
              restartPolicy: Always
              command: [sh, -c, "sleep 0.5; echo ready >/shared/ready; exec sleep ${marker}"]
              startupProbe: { exec: { command: [cat, /shared/ready] }, periodSeconds: 1, failureThreshold: 30 }
              volumeMounts: [ { name: shared, mountPath: /shared } ]
            - { name: plain, image: p, restartPolicy: Always, command: [sleep, "${marker}"] }`,
      backup: `cat /shared/ready >"$WORK_DIR/point" && ${upload('"$WORK_DIR/point"')}`,
      mounts: ', { name: shared, mountPath: /shared }',
      volumes: '            - { name: shared, emptyDir: {} }',
    });
    expect(await drill.backUp(procedure)).toMatchObject({ objects: 1, sizeBytes: 6 });
    const commands = await Promise.all(
      (await readdir('/proc'))
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    expect(commands.filter((line) => line.includes(`\0${marker}`))).toEqual([]);
  });

  test('C20: a sidecar whose startup probe never succeeds ends the wait by its name', async () => {
    await using drill = await begin();
    const procedure = await cronJobOf('never', {
      pod: `          initContainers:
            - { name: proxy, image: p, restartPolicy: Always, command: [sleep, infinity], startupProbe: { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 2 } }`,
      backup: 'true',
    });
    await expect(drill.backUp(procedure)).rejects.toThrow(/startup probe of container proxy/);
  });
});

describe('a restore runs on another machine than its backup', () => {
  const encrypt = (key: string) => `head -c 16 /dev/urandom | base64 >${key}
printf dump >"$WORK_DIR/dump"
tar -C "$WORK_DIR" -cf "$WORK_DIR/point" dump && ${upload('"$WORK_DIR/point"')}`;

  test.each([
    ['in the home folder', '~/key', ''],
    ['in the folder for temporary files', '/tmp/key', ''],
    ['in a folder of its own', '/var/lib/key', ''],
    ['in a volume of the pod', '/state/key', ', { name: state, mountPath: /state }'],
    ['in a claim', '/claimed/key', ', { name: claimed, mountPath: /claimed }'],
  ])('and finds no key that stayed there %s', async (where, key, mounts) => {
    await using drill = await begin();
    const procedure = await cronJobOf(`key-${where.replaceAll(' ', '-')}`, {
      backup: encrypt(key),
      restore: `${download}\n[ -s ${key} ] || { echo "${key} is missing" >&2; exit 1; }`,
      mounts,
      volumes: `            - { name: state, emptyDir: {} }
            - { name: claimed, persistentVolumeClaim: { claimName: claimed } }`,
    });
    const point = await drill.backUp(procedure);
    const inVolume = mounts !== '';
    if (!inVolume) expect(point.machine?.left.map(({ path }) => path)).toContain(key.replace('~', '/drill/home'));
    await expect(drill.restore(point, procedure)).rejects.toThrow(/is missing/);
    if (!inVolume)
      await expect(drill.restore(point, procedure)).rejects.toThrow(
        /The backup left .* name in `keeps` what production keeps/,
      );
  });

  test('and finds what the contract keeps: a key store, a claim, a Secret', async () => {
    await using drill = await begin();
    const procedure = await cronJobOf('keeps', {
      backup: `echo one >~/key; echo two >/claimed/key; ${encrypt('/tmp/other')}`,
      restore: `cat ~/key /claimed/key /keys/passphrase; [ ! -e /tmp/other ] && [ ! -w /keys/passphrase ]`,
      mounts: ', { name: claimed, mountPath: /claimed }',
      volumes: '            - { name: claimed, persistentVolumeClaim: { claimName: claimed } }',
      keeps: ['~/key', '/claimed', '/absent', { secret: 'backup-key', at: '/keys' }],
    });
    const point = await drill.backUp(procedure);
    expect(point.machine?.kept).toEqual([
      { path: '~/key', there: true },
      { path: '/claimed', there: true },
      { path: '/absent', there: false },
      { path: 'Secret backup-key at /keys', there: true },
    ]);
    const { claimed } = await drill.restore(point, procedure);
    expect(claimed).toContain('one\ntwo\n');
    expect(claimed).not.toContain('correct-horse');
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
      /commands\(…\): .*`backup` must not put a secret on a command line/,
    );
  });
});
