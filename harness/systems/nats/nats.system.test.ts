import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { IndeterminateWriteError } from '../../model/errors.ts';
import type { Comparison } from '../../model/record.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { s3Store } from '../s3/service.ts';
import { Connection, publishAcknowledged } from './connection.ts';
import { sharedNats } from './service.ts';
import { alterOnePayloadInBackup } from './testing/alter-payload.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();

const everything = {
  streams: [
    {
      name: 'orders',
      subjects: ['orders.created', 'orders.paid', 'orders.shipped'],
      messages: 2_000,
      headers: true,
      consumer: { durable: 'billing', acknowledged: 0.5 },
    },
    {
      name: 'jobs',
      subjects: ['jobs.mail', 'jobs.print'],
      retention: 'workqueue',
      messages: 500,
      headers: true,
      consumer: { durable: 'workers', acknowledged: 0.6 },
    },
    { name: 'sessions', subjects: ['sessions.opened'], storage: 'memory', messages: 50 },
  ],
  keyValue: [{ bucket: 'settings', history: 8, keys: 40 }],
  objectStores: [{ bucket: 'invoices', objects: 4, largest: '3MiB' }],
} as const;
const small = {
  streams: [
    {
      name: 'orders',
      subjects: ['orders.paid'],
      messages: 60,
      headers: true,
      consumer: { durable: 'billing', acknowledged: 0.5 },
    },
  ],
} as const;

const countsOf = (comparison: Comparison, kind: string) => comparison.items.find((counts) => counts.kind === kind);

async function admin(url: string) {
  const nc = await connect({ servers: url });
  return { jsm: await jetstreamManager(nc), [Symbol.asyncDispose]: () => nc.close() };
}

describe.each(['stream-deleted', 'server-lost'])('%s', (disaster) => {
  test('the platform’s scripts bring back every message, position, revision, object and marker', async () => {
    await using drill = await beginDrill(target, disaster, everything);
    const { asset, step } = drill;
    const before = await asset.identify(step);
    const point = await drill.backUp();
    expect(point).toMatchObject({ objects: 2, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    await drill.strike();
    await expect(asset.probe.read(step.signal)).rejects.toThrow();
    await drill.restore(point);
    const comparison = await drill.compare();

    expect(comparison.firstDifferences).toEqual([]);
    for (const counts of comparison.items) {
      expect(counts, counts.kind).toMatchObject({ missing: 0, extra: 0, differing: 0 });
    }
    expect(countsOf(comparison, 'stream configurations')).toMatchObject({ matched: 5 });
    expect(countsOf(comparison, 'consumers')).toMatchObject({ matched: 2 });
    expect(countsOf(comparison, 'messages')?.matched).toBeGreaterThan(2_200);
    expect(countsOf(comparison, 'key-value revisions')?.matched).toBeGreaterThan(200);
    expect(countsOf(comparison, 'objects')).toMatchObject({ matched: 4 });
    expect(await drill.readMarkers()).toEqual(drill.markers);

    const after = await asset.identify(step);
    expect(after.map(({ what }) => what)).toEqual(before.map(({ what }) => what));
    for (const [index, { what, value }] of after.entries()) expect(value, what).not.toBe(before[index]?.value);
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
  });

  test('nothing is proved gone before the disaster, and a restore that does nothing leaves everything missing', async () => {
    await using drill = await beginDrill(target, disaster, small);
    const checks = await drill.asset.proveGone(drill.step);
    expect(checks.length).toBeGreaterThan(0);
    expect(checks.filter(({ gone }) => gone)).toEqual([]);
    await drill.strike();
    const comparison = await drill.compare();
    expect(countsOf(comparison, 'messages')).toMatchObject({ expected: 60, restored: 0, missing: 60 });
    expect(countsOf(comparison, 'consumers')).toMatchObject({ missing: 1 });
    expect([...(await drill.readMarkers()).values()]).toEqual([[]]);
  });
});

describe('what the seed leaves', () => {
  test('a consumer half-way, a work queue with gaps, deletes and purges in a bucket, an empty object', async () => {
    await using drill = await beginDrill(target, 'stream-deleted', everything);
    await using server = await admin(drill.asset.environment()['NATS_URL'] ?? '');
    const id = drill.drillId;
    const billing = await server.jsm.consumers.info(`orders_${id}`, 'billing');
    expect(billing).toMatchObject({
      ack_floor: { stream_seq: 1_000 },
      delivered: { stream_seq: 1_007 },
      num_ack_pending: 7,
    });
    const workers = await server.jsm.consumers.info(`jobs_${id}`, 'workers');
    expect(workers.ack_floor.stream_seq).toBeLessThan(workers.delivered.stream_seq);
    const jobs = await server.jsm.streams.info(`jobs_${id}`, { deleted_details: true });
    expect(jobs.state.num_deleted).toBeGreaterThan(100);
    expect(drill.expected.items).toBeGreaterThan(2_500);
  });

  test('the same content is fingerprinted the same, markers and probe writes between them or not', async () => {
    await using drill = await beginDrill(target, 'stream-deleted', everything);
    await drill.asset.probe.write(drill.step.signal);
    const again = await drill.asset.fingerprint(drill.step);
    expect({ ...again, path: '' }).toEqual({ ...drill.expected, path: '' });
  });
});

describe('sabotage', () => {
  test('one payload altered in the backup, with every checksum made to fit, is one differing message', async () => {
    await using drill = await beginDrill(target, 'stream-deleted', small);
    const point = await drill.backUp();
    const { signal, scratchDir } = drill.step;
    const stream = `orders_${drill.drillId}`;
    const seeded = (subject: string) => subject.endsWith('.orders.paid');
    const altered = await alterOnePayloadInBackup(
      await target.place(s3Store),
      point.location,
      stream,
      scratchDir,
      signal,
      seeded,
    );
    await drill.strike();
    await drill.restore(point);
    const comparison = await drill.compare();

    expect(countsOf(comparison, 'messages')).toMatchObject({
      expected: 60,
      matched: 59,
      differing: 1,
      missing: 0,
      extra: 0,
    });
    expect(comparison.firstDifferences).toEqual([
      expect.objectContaining({ item: `stream ${stream} message ${altered.sequence}`, field: 'payload sha256' }),
    ]);
  });

  test('an ack floor lost after the restore is named with both values', async () => {
    await using drill = await beginDrill(target, 'stream-deleted', small);
    const point = await drill.backUp();
    await drill.strike();
    await drill.restore(point);
    await using server = await admin(drill.asset.environment()['NATS_URL'] ?? '');
    const stream = `orders_${drill.drillId}`;
    const { config } = await server.jsm.consumers.info(stream, 'billing');
    await server.jsm.consumers.delete(stream, 'billing');
    await server.jsm.consumers.add(stream, config);
    const comparison = await drill.compare();

    expect(countsOf(comparison, 'consumers')).toMatchObject({ expected: 1, differing: 1 });
    expect(comparison.firstDifferences).toContainEqual({
      item: `consumer billing of stream ${stream}`,
      field: 'ack floor',
      expected: 'consumer sequence 30, stream sequence 30',
      observed: 'consumer sequence 0, stream sequence 0',
    });
  });

  test('a stream without this session’s mark is not destroyed', async () => {
    await using drill = await beginDrill(target, 'stream-deleted', small);
    await using server = await admin(drill.asset.environment()['NATS_URL'] ?? '');
    const stream = `orders_${drill.drillId}`;
    const { config } = await server.jsm.streams.info(stream);
    const marked = { metadata: config.metadata ?? {} };
    await server.jsm.streams.update(stream, { metadata: { 'dr-contracts.session': 'somebody-else' } });
    const destroy = drill.asset.destroy(drill.step, { cutOff: async () => undefined });
    await expect(destroy).rejects.toThrow('it carries the mark of session somebody-else');
    expect((await server.jsm.streams.info(stream)).state.messages).toBeGreaterThan(60);
    await server.jsm.streams.update(stream, marked);
  });
});

describe('a marker', () => {
  test('that no stream takes any more is refused, and certainly not written', async () => {
    await using drill = await beginDrill(target, 'stream-deleted', small);
    await drill.strike();
    const [lane] = drill.asset.lanes;
    const refused = lane?.write(4, 'too late', drill.step.signal) ?? Promise.resolve();
    await expect(refused).rejects.toThrow('no stream listens');
    await expect(refused).rejects.not.toBeInstanceOf(IndeterminateWriteError);
  });

  test('that reaches somebody who does not answer may have been written', async () => {
    const { url } = await target.place(sharedNats);
    await using connection = new Connection(url, 'test');
    const { nc } = await connection.use(AbortSignal.timeout(5_000));
    const subject = `silent.${randomUUID()}`;
    nc.subscribe(subject, { callback: () => undefined });
    const write = (timeoutMs: number, signal = AbortSignal.timeout(5_000)) =>
      publishAcknowledged(nc, { subject, body: 'x', timeoutMs }, signal);

    await expect(write(50)).rejects.toThrow('no answer within 50 ms');
    await expect(write(50)).rejects.toBeInstanceOf(IndeterminateWriteError);
    const given = new AbortController();
    const abandoned = write(5_000, given.signal);
    given.abort();
    await expect(abandoned).rejects.toBeInstanceOf(IndeterminateWriteError);
    const cut = write(5_000);
    await Promise.all([expect(cut).rejects.toBeInstanceOf(IndeterminateWriteError), nc.close()]);
    await expect(write(50)).rejects.not.toBeInstanceOf(IndeterminateWriteError);
    // The next caller gets a new connection.
    expect((await connection.use(AbortSignal.timeout(5_000))).nc.isClosed()).toBe(false);
  });
});
