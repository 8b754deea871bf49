import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { commands } from '../../procedures/commands.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import type { JetStreamOptions } from './options.ts';
import { orders, shapes } from './testing/shapes.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();
test.each(Object.entries(shapes))('%s comes back', async (_, options) => {
  await using drill = await beginDrill(target, 'server-lost', options);
  await drill.asset.probe.read(drill.step.signal);
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point);
  const { items, firstDifferences } = await drill.compare();
  expect(firstDifferences).toEqual([]);
  for (const counts of items) expect(counts, counts.kind).toMatchObject({ missing: 0, extra: 0, differing: 0 });
  expect(items.reduce((sum, { matched }) => sum + matched, 0)).toBe(drill.expected.items);
  expect(await drill.readMarkers()).toEqual(drill.markers);
  await drill.asset.probe.read(drill.step.signal);
});

test('N06: a work queue that counts from 1 again is a difference, and its probe does not find it', async () => {
  const options = shapes['N06: a work queue that is worked off'] ?? {};
  await using drill = await beginDrill(target, 'stream-deleted', options);
  await drill.backUp();
  const environment = drill.asset.environment();
  const nc = await connect({ servers: environment['NATS_URL'] ?? '' });
  try {
    const jsm = await jetstreamManager(nc);
    const stream = environment['STREAMS'] ?? '';
    const { config } = await jsm.streams.info(stream);
    await drill.strike();
    await jsm.streams.add(config);
    await expect(drill.asset.probe.read(drill.step.signal)).rejects.toThrow('its last sequence was 40, and is 0');
    const [lane] = drill.asset.lanes;
    for (const { sequence, body } of drill.markers.get(lane?.name ?? '') ?? []) {
      await lane?.read(drill.step.signal)[Symbol.asyncIterator]().next();
      await jsm.streams.info(stream);
      await nc.request(`dr-${drill.drillId}.orders.dr-marker.${sequence}`, body);
    }
  } finally {
    await nc.close();
  }
  const { firstDifferences } = await drill.compare();
  expect(firstDifferences).toContainEqual(
    expect.objectContaining({ field: 'sequence of marker 1', expected: '41', observed: '1' }),
  );
});

test('C27: a backup and a restore of the whole account meet the streams of their own drill alone', async () => {
  await using other = await beginDrill(target, 'stream-deleted', { streams: [{ ...orders, name: 'others' }] });
  await using drill = await beginDrill(target, 'stream-deleted', { streams: [orders] });
  const nats = target.tool('nats');
  const account = commands({
    backup: [
      'bash',
      '-c',
      `"${nats}" --server "$NATS_URL" account backup --consumers --force "$WORK_DIR/a" && tar -C "$WORK_DIR" -cf "$WORK_DIR/a.tar" a && aws s3 cp --only-show-errors "$WORK_DIR/a.tar" "s3://$BACKUP_BUCKET/\${BACKUP_PREFIX}a.tar"`,
    ],
    restore: [
      'bash',
      '-c',
      `aws s3 cp --only-show-errors "s3://$BACKUP_BUCKET/\${BACKUP_PREFIX}a.tar" "$WORK_DIR/a.tar" && tar -C "$WORK_DIR" -xf "$WORK_DIR/a.tar" && "${nats}" --server "$NATS_URL" account restore "$WORK_DIR/a"`,
    ],
    schedule: { cron: '*/5 * * * *' },
    prefix: 'nats/',
  });
  const point = await drill.backUp(account);
  await drill.strike();
  await drill.restore(point, account);
  expect((await drill.compare()).firstDifferences).toEqual([]);
  expect(await drill.readMarkers()).toEqual(drill.markers);
  expect((await other.compare()).firstDifferences).toEqual([]);
});

test('N21: a consumer that the backup left paused is told by when its pause ends', async () => {
  const options: JetStreamOptions = { streams: [{ ...orders, consumer: { durable: 'ledger', acknowledged: 0.2 } }] };
  await using drill = await beginDrill(target, 'stream-deleted', options);
  const environment = drill.asset.environment();
  const nc = await connect({ servers: environment['NATS_URL'] ?? '' });
  try {
    const jsm = await jetstreamManager(nc);
    await jsm.consumers.pause(environment['STREAMS'] ?? '', 'ledger', new Date('2040-01-01T00:00:00Z'));
  } finally {
    await nc.close();
  }
  const { firstDifferences } = await drill.compare();
  expect(firstDifferences.map(({ field }) => field)).toEqual(['pause_until']);
});
