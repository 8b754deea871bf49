import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { commands } from '../../procedures/commands.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import type { JetStreamOptions } from './options.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();
const orders = { name: 'orders', subjects: ['orders.created'], messages: 40 } as const;

const shapes: Record<string, JetStreamOptions> = {
  'N06: a work queue that is worked off': {
    streams: [{ ...orders, retention: 'workqueue', consumer: { durable: 'worker', acknowledged: 1 } }],
  },
  'an empty stream': { streams: [{ ...orders, messages: 0, consumer: { durable: 'worker' } }] },
  'a stream whose beginning is gone, with gaps': { streams: [{ ...orders, firstSequence: 1_000, deleted: 0.3 }] },
  'a stream of everything, with compression and limits': {
    streams: [
      { ...orders, subjects: ['>'], config: { compression: 's2', max_msgs: 50, max_bytes: 1_000_000, discard: 'new' } },
    ],
  },
  'wildcards, digits, signs and letters of other languages in names': {
    streams: [
      {
        name: '2026+größe=1',
        subjects: ['orders.*.created', 'audit.>'],
        messages: 30,
        consumer: { durable: 'käufer' },
      },
    ],
  },
  'messages per subject, a transform and a republication': {
    streams: [
      {
        ...orders,
        subjects: ['in.>'],
        config: {
          max_msgs_per_subject: 3,
          subject_transform: { src: 'in.>', dest: 'stored.>' },
          republish: { src: 'stored.>', dest: 'copies.>' },
          allow_msg_ttl: true,
          duplicate_window: 60_000_000_000,
        },
        consumer: { durable: 'worker', acknowledged: 0.5 },
      },
    ],
  },
  'filtered, paused, pushing, slow and grouped consumers': {
    streams: [
      {
        ...orders,
        subjects: ['orders.created', 'orders.paid'],
        consumers: [
          { durable: 'filtered', acknowledged: 1, config: { filter_subject: 'orders.paid' } },
          { durable: 'paused', acknowledged: 0.2, config: { pause_until: '2040-01-01T00:00:00Z' } },
          { durable: 'pushing', config: { deliver_subject: 'deliveries', deliver_group: 'workers' } },
          { durable: 'one-by-one', acknowledged: 0.5, config: { max_ack_pending: 1, max_deliver: 3 } },
          { durable: 'grouped', config: { priority_groups: ['a'], priority_policy: 'overflow' } },
          { durable: 'last', config: { deliver_policy: 'last' } },
        ],
      },
    ],
  },
  'buckets and stores of every sort': {
    keyValue: [{ bucket: '1st', keys: 12, history: 3, ttl: '24h', config: { compression: 's2' } }],
    objectStores: [{ bucket: 'files', objects: 5, largest: '200KiB', deleted: 0.4, links: 2 }],
  },
  'N07: large messages on a server that takes them, encrypted at rest': {
    streams: [{ ...orders, messages: 12, payload: '2MiB' }],
    server: { maxPayload: '8MiB', encryption: 'aes' },
  },
};

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

test('a key of encryption stands in no record, and in the configuration of the server alone', async () => {
  await using drill = await beginDrill(target, 'stream-deleted', { streams: [orders], server: { encryption: 'aes' } });
  const settings = JSON.stringify(await drill.asset.settings());
  expect(settings).not.toMatch(/[0-9a-f]{64}/);
  await expect(readFile(join(drill.step.scratchDir, 'server.conf'))).rejects.toThrow('ENOENT');
});
