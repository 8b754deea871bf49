import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Scope } from '../base/scope.ts';
import { s3Client } from '../clients/s3.ts';
import { systemClock } from '../clock/clock.ts';
import { messagesOf } from '../model/errors.ts';
import { beginDrill, platformScripts, scripts } from '../systems/nats/testing.ts';
import { s3Store } from '../systems/s3/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { script } from './script.ts';

const target = sharedTarget();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-script-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const stream = { name: 'orders', subjects: ['orders.paid'], messages: 20 };
const begin = () => beginDrill(target, 'stream-deleted', { streams: [stream] });

async function scriptOf(name: string, body: string) {
  const path = join(folder, name);
  await writeFile(path, `#!/usr/bin/env bash\nset -euo pipefail\n${body}\n`, { mode: 0o755 });
  return script({ backup: path, restore: path, schedule: { cron: '0 * * * *' }, prefix: 'nats/' });
}

describe('a backup script', () => {
  test('that exits 0 and uploads nothing made no backup', async () => {
    await using drill = await begin();
    const nothing = await scriptOf('nothing.sh', 'echo "Backup complete"');
    const backup = drill.backUp(nothing);
    await expect(backup).rejects.toThrow(`expected a new object under s3://`);
    await expect(backup).rejects.toThrow('the script exited 0 and left nothing there; it said: Backup complete');
  });

  test('that uploads an empty file and says "Backup complete" made no backup', async () => {
    await using drill = await begin();
    const put = 'aws s3 cp --only-show-errors empty "s3://$BACKUP_BUCKET/$BACKUP_PREFIX"point';
    const empty = await scriptOf('empty.sh', `: >empty; ${put}; echo "Backup complete"`);
    await expect(drill.backUp(empty)).rejects.toThrow('left one object of 0 bytes; it said: Backup complete');
  });

  test('C24: that uploads into an archive says so in its recovery point', async () => {
    await using drill = await begin();
    const put =
      'aws s3 cp --only-show-errors --storage-class DEEP_ARCHIVE dump "s3://$BACKUP_BUCKET/$BACKUP_PREFIX"dump';
    const cold = await scriptOf('cold.sh', `echo x >dump; ${put}`);
    const point = await drill.backUp(cold);
    // Nobody can copy it, and other tests copy the whole bucket.
    const [, , Bucket = '', ...key] = point.location.split('/');
    const client = s3Client(await target.place(s3Store));
    await client.send(new DeleteObjectCommand({ Bucket, Key: key.join('/') }));
    client.destroy();
    expect(point).toMatchObject({ archived: { storageClass: 'DEEP_ARCHIVE', thawMs: 43_200_000 } });
  });

  test('that fails says so with its last lines and without a secret', async () => {
    await using drill = await begin();
    const leaking = await scriptOf('leaking.sh', 'echo "upload with $AWS_SECRET_ACCESS_KEY was refused" >&2; exit 3');
    const failure = await drill.backUp(leaking).catch((error: unknown) => error);
    const text = messagesOf(failure).join('\n');
    expect(text).toContain('it exited 3: upload with *** was refused');
    expect(text).not.toContain((await target.place(s3Store)).secretAccessKey);
  });

  test('is not there or not executable: one sentence names it', async () => {
    await using drill = await begin();
    const path = join(folder, 'plain.txt');
    await writeFile(path, 'text', { mode: 0o644 });
    const plain = script({ backup: path, restore: 'absent.sh', schedule: { cron: '0 * * * *' }, prefix: 'nats/' });
    const point = await drill.backUp(await scriptOf('upload.sh', upload));
    await expect(drill.restore(point, plain)).rejects.toThrow(
      'restore script absent.sh: expected a file, but there is none at that path',
    );
    await expect(drill.backUp(plain)).rejects.toThrow(/plain\.txt: expected an executable file/);
  });

  test('is handed a folder that its asset has made in the scratch folder of the drill, and no other folder', async () => {
    await using drill = await begin();
    const own = join(drill.step.scratchDir, 'files');
    await mkdir(own);
    const other = await mkdtemp(join(tmpdir(), 'dr-script-other-'));
    for (const place of [own, other]) await writeFile(join(place, 'note.txt'), 'hello\n');
    const body = `
if [ -e "$OTHER/note.txt" ]; then exit 3; fi
cp "$OWN/note.txt" point
echo back >"$OWN/written.txt"
aws s3 cp --only-show-errors point "s3://$BACKUP_BUCKET/\${BACKUP_PREFIX}point"`;
    const context = drill.context();
    const environment = { ...context.environment, OWN: own, OTHER: other };
    const point = await (await scriptOf('reading.sh', body)).backup({ ...context, environment });
    await rm(other, { recursive: true });
    expect(point.sizeBytes).toBe(6);
    expect(await readFile(join(own, 'written.txt'), 'utf8')).toBe('back\n');
  });

  test('finds the tools of the target, a scratch folder of its own, and nothing of this machine’s user', async () => {
    await using drill = await begin();
    const point = await drill.backUp(await scriptOf('upload.sh', upload));
    expect(point.claimed).toMatch(/nats aws/);
    expect(point).toMatchObject({
      objects: 1,
      sizeBytes: 6,
      location: expect.stringMatching(/\/nats\/t[0-9a-f]{8}\/point$/),
    });
    expect((await readdir(drill.step.scratchDir)).filter((name) => name.startsWith('backup-'))).toEqual([]);
  });
});

const upload = `
[ "$HOME" = "$WORK_DIR" ] && [ "$PWD" = "$WORK_DIR" ]
echo hello >point
aws s3 cp --only-show-errors point "s3://$BACKUP_BUCKET/\${BACKUP_PREFIX}point"
echo "$(basename "$(command -v nats)") $(basename "$(command -v aws)")"`;

describe('the platform’s NATS scripts', () => {
  test('without credentials the backup is skipped in a sentence, succeeds, and is found missing', async () => {
    await using drill = await begin();
    const skipping = script({ ...scripts, environment: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' } });
    await expect(drill.backUp(skipping)).rejects.toThrow('S3/GCS upload skipped (credentials not configured)');
  });

  test('a stream that is not there fails the backup', async () => {
    await using drill = await begin();
    await drill.strike();
    await expect(drill.backUp()).rejects.toThrow(
      /it exited 1: .*the consumers of stream orders_t[0-9a-f]{8} cannot be listed/,
    );
  });

  test('with a suffix the restore puts each stream beside the one it was taken from, and off its subjects', async () => {
    await using drill = await begin();
    const suffixed = script({ ...scripts, environment: { STREAM_SUFFIX: '_AS_OF_NOON' } });
    const { NATS_URL = '', STREAMS = '' } = drill.asset.environment();
    const names = STREAMS.split(' ');
    const point = await drill.backUp(suffixed);
    await using cleanup = new Scope({ what: 'this test', clock: systemClock });
    const nc = await connect({ servers: NATS_URL });
    cleanup.defer('connection', () => nc.close());
    const { streams } = await jetstreamManager(nc);
    for (const name of names) cleanup.defer(`stream ${name}_AS_OF_NOON`, () => streams.delete(`${name}_AS_OF_NOON`));
    await drill.restore(point, suffixed);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const [original, copy] = [await streams.info(name), await streams.info(`${name}_AS_OF_NOON`)];
      expect(copy.state).toMatchObject({
        messages: original.state.messages,
        first_seq: original.state.first_seq,
        last_seq: original.state.last_seq,
        consumer_count: original.state.consumer_count,
      });
      expect(copy.state.messages).toBeGreaterThan(0);
      for (const subject of original.config.subjects) expect(copy.config.subjects).not.toContain(subject);
    }
  });

  test('a backup that is not what was uploaded is not restored', async () => {
    await using drill = await begin();
    const point = await drill.backUp(platformScripts);
    const { endpoint, region, accessKeyId, secretAccessKey, backupBucket } = await target.place(s3Store);
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    const Key = `${point.location.slice(`s3://${backupBucket}/`.length)}streams.tar`;
    await client.send(new PutObjectCommand({ Bucket: backupBucket, Key, Body: 'garbage' }));
    client.destroy();
    await drill.strike();
    await expect(drill.restore(point)).rejects.toThrow('is not what was backed up: its digest differs');
  });
});
