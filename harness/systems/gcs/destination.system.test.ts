import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { script } from '../../procedures/script.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { beginDrill } from '../nats/testing.ts';
import { gcsBackups } from './backup-store.ts';

const target = sharedTarget();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-gcs-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const begin = () =>
  beginDrill(target, 'stream-deleted', { streams: [{ name: 'orders', subjects: ['orders.paid'], messages: 20 }] });

/** Upload scripts as people write them: with Google's library, or with curl. */
const UPLOAD = `put() { node -e '
const [name, body] = process.argv.slice(1);
const query = new URLSearchParams({ uploadType: "media", name });
const url = process.env.STORAGE_EMULATOR_HOST + "/upload/storage/v1/b/" + process.env.BACKUP_BUCKET + "/o?" + query;
fetch(url, { method: "POST", body }).then((answer) => process.exit(answer.ok ? 0 : 1));
' "$BACKUP_PREFIX$1" "$2"; }
remove() { node -e '
const name = encodeURIComponent(process.argv[1]);
const url = process.env.STORAGE_EMULATOR_HOST + "/storage/v1/b/" + process.env.BACKUP_BUCKET + "/o/" + name;
fetch(url, { method: "DELETE" }).then((answer) => process.exit(answer.ok ? 0 : 1));
' "$1"; }
`;

async function scriptOf(name: string, body: string) {
  const path = join(folder, name);
  await writeFile(path, `#!/usr/bin/env bash\nset -euo pipefail\n${UPLOAD}${body}\n`, { mode: 0o755 });
  return script({
    backup: path,
    restore: path,
    schedule: { cron: '0 * * * *' },
    prefix: 'nats/',
    destination: gcsBackups,
  });
}

describe('a backup into Google Cloud Storage', () => {
  test('that exits 0 and uploads nothing made no backup', async () => {
    await using drill = await begin();
    const backup = drill.backUp(await scriptOf('nothing.sh', 'echo "Backup complete"'));
    await expect(backup).rejects.toThrow('expected a new object under gs://dr-backups/nats/');
    await expect(backup).rejects.toThrow('left nothing there; it said: Backup complete');
  });

  test('that deletes its own upload again made no backup', async () => {
    await using drill = await begin();
    const gone = await scriptOf('gone.sh', `put point data; remove "\${BACKUP_PREFIX}point"`);
    await expect(drill.backUp(gone)).rejects.toThrow(/it uploaded nats\/\S+\/point and deleted it again after/);
  });

  test('is found where it lies, with what protects it', async () => {
    await using drill = await begin();
    const point = await drill.backUp(await scriptOf('two.sh', 'put a/one data; put a/two more'));
    expect(point).toMatchObject({
      location: expect.stringMatching(/^gs:\/\/dr-backups\/nats\/[^/]+\/a\/$/),
      objects: 2,
      sizeBytes: 8,
      encryption: 'none by a key of your own; Google encrypts what it stores',
      immutability: 'versioned, no hold and no retention',
    });
  });

  test('that writes over the first one says that only one of the two is left', async () => {
    await using drill = await begin();
    const same = await scriptOf('same.sh', 'put latest "$(date +%s%N)"');
    const earlier = await drill.backUp(same);
    const later = await same.backup({ ...drill.context(), earlier });
    expect(later.replacesEarlier).toBe('the second backup wrote over the first one');
  });

  test('is still there after a restore, or the restore fails', async () => {
    await using drill = await begin();
    const moving = await scriptOf(
      'moving.sh',
      'if [ -v RECOVERY_POINT ]; then remove "$(cut -d/ -f4- <<<"$RECOVERY_POINT")"; else put point data; fi',
    );
    const point = await drill.backUp(moving);
    await expect(drill.restore(point, moving)).rejects.toThrow('the restore removed it');
  });

  test.each([
    ['removed', 'remove "$(cut -d/ -f4- <<<"$RECOVERY_POINT")two"'],
    ['overwrote', 'put a/two "[]"'],
  ])('is what it was after a restore: one that %s an object of it fails', async (did, harm) => {
    await using drill = await begin();
    const body = `if [ -v RECOVERY_POINT ]; then ${harm}; else put a/one data; put a/two more; fi`;
    const harming = await scriptOf(`${did}.sh`, body);
    const point = await drill.backUp(harming);
    await expect(drill.restore(point, harming)).rejects.toThrow(new RegExp(`the restore ${did} \\S+/a/two of it`));
  });
});

test('the platform’s scripts bring every stream back from Google Cloud Storage', async () => {
  await using drill = await begin();
  const platform = script({
    backup: 'fixtures/platform/scripts/gcs/nats-backup-gcs.sh',
    restore: 'fixtures/platform/scripts/gcs/nats-restore-gcs.sh',
    schedule: { cron: '*/2 * * * *' },
    prefix: 'nats/',
    destination: gcsBackups,
  });
  const point = await drill.backUp(platform);
  expect(point.claimed).toMatch(/uploaded and verified gs:\/\/dr-backups\/nats\//);
  await drill.strike();
  const report = await drill.restore(point, platform);
  expect(report.claimed).toContain('1 streams restored from');
  expect(await drill.compare()).toMatchObject({ firstDifferences: [] });
});
