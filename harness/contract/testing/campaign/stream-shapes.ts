import fc from 'fast-check';
import { jetstream } from '../../../index.ts';
import type { JetStreamAsset } from '../../../systems/nats/jetstream.ts';
import { dump, load } from './platform-lines.ts';
import type { Shape } from './stage.ts';

const orders = { name: 'orders', subjects: ['orders.created'], messages: 40 } as const;

const known: Readonly<Record<string, JetStreamAsset>> = {
  'stream in memory with a consumer': { streams: [{ ...orders, storage: 'memory', consumer: { durable: 'ledger' } }] },
  'one key and one object of one byte': {
    keyValue: [{ bucket: 'settings', keys: 1 }],
    objectStores: [{ bucket: 'files', objects: 1, largest: '1B' }],
  },
  'work queue half worked off': {
    streams: [{ ...orders, retention: 'workqueue', consumer: { durable: 'worker', acknowledged: 0.5 } }],
  },
  'work queue worked off': {
    streams: [{ ...orders, retention: 'workqueue', consumer: { durable: 'worker', acknowledged: 1 } }],
  },
  'empty stream': { streams: [{ ...orders, messages: 0 }] },
  'empty stream with a consumer': { streams: [{ ...orders, messages: 0, consumer: { durable: 'worker' } }] },
  'stream whose beginning is gone, with gaps': { streams: [{ ...orders, firstSequence: 5_000, deleted: 0.25 }] },
  'stream of everything': { streams: [{ ...orders, subjects: ['>'] }] },
  'names of digits, signs and other alphabets': {
    streams: [{ name: '2026+größe=1', subjects: ['orders.*.created', 'audit.>'], messages: 30 }],
  },
  'two names that differ in case': {
    streams: [orders, { ...orders, name: 'ORDERS', subjects: ['other.created'] }],
  },
  'few messages of each subject, transformed and republished': {
    streams: [
      {
        ...orders,
        subjects: ['in.>'],
        config: {
          max_msgs_per_subject: 3,
          subject_transform: { src: 'in.>', dest: 'stored.>' },
          republish: { src: 'stored.>', dest: 'copies.>' },
        },
      },
    ],
  },
  'full stream that refuses more': {
    streams: [{ ...orders, config: { discard: 'new', max_msgs: 40, max_bytes: 1_000_000 } }],
  },
  'compressed stream without deletions and purges': {
    streams: [{ ...orders, config: { compression: 's2', deny_delete: true, deny_purge: true } }],
  },
  'consumers of every sort': {
    streams: [
      {
        ...orders,
        subjects: ['orders.created', 'orders.paid'],
        consumers: [
          { durable: 'filtered', acknowledged: 1, config: { filter_subject: 'orders.paid' } },
          { durable: 'paused', acknowledged: 0.2, config: { pause_until: '2040-01-01T00:00:00Z' } },
          { durable: 'pushing', config: { deliver_subject: 'deliveries' } },
          { durable: 'one-by-one', acknowledged: 0.5, config: { max_ack_pending: 1 } },
          { durable: 'grouped', config: { priority_groups: ['a'], priority_policy: 'overflow' } },
        ],
      },
    ],
  },
  'values that expire, compressed': { keyValue: [{ bucket: '1st', keys: 12, history: 3, ttl: '24h' }] },
  'store with deleted objects and links': {
    keyValue: [{ bucket: 'settings', keys: 3 }],
    objectStores: [{ bucket: 'files', objects: 6, largest: '200KiB', deleted: 0.3, links: 2 }],
  },
  'large messages, encrypted at rest': {
    streams: [{ ...orders, messages: 8, payload: '2MiB' }],
    server: { maxPayload: '8MiB', encryption: 'chachapoly' },
  },
};

/** Shapes drawn by the seed: combinations that no list would contain. */
const drawn: fc.Arbitrary<JetStreamAsset> = fc
  .record({
    retention: fc.constantFrom('limits', 'workqueue'),
    storage: fc.constantFrom('file', 'memory'),
    messages: fc.integer({ min: 0, max: 80 }),
    headers: fc.boolean(),
    payload: fc.constantFrom('0B', '1B', '700B', '20KiB', '200KiB'),
    subjects: fc.constantFrom(['a.b'], ['a.b', 'c'], ['a.*'], ['a.>', 'b']),
    deleted: fc.constantFrom(0, 0.1, 0.5),
    firstSequence: fc.constantFrom(1, 2, 1_000_000),
    acknowledged: fc.constantFrom(0, 0.3, 1),
    isConsumed: fc.boolean(),
    config: fc.record(
      {
        max_msgs_per_subject: fc.constantFrom(1, 5),
        compression: fc.constant('s2'),
        max_msgs: fc.constantFrom(100, 1_000),
        duplicate_window: fc.constant(10_000_000_000),
        allow_rollup_hdrs: fc.boolean(),
        allow_direct: fc.boolean(),
        description: fc.constant('"quotes" & größe'),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ acknowledged, isConsumed, ...stream }) => ({
    streams: [{ name: 'Drawn-1', ...stream, ...(isConsumed ? { consumer: { durable: 'worker', acknowledged } } : {}) }],
  }));

/** @param count number of drawn shapes, besides the known ones. */
export function streamShapes(seed: number, count: number): readonly Shape[] {
  const all = [
    ...Object.entries(known),
    ...fc
      .sample(drawn, { seed, numRuns: count })
      .map((asset) => [`drawn: ${JSON.stringify(asset.streams)}`, asset] as const),
  ];
  return all.map(([name, asset], index) => ({
    name: `NATS, ${name}`,
    stage: async (stage) => ({
      asset: jetstream(asset),
      protectedBy: await stage.scripts(dump(), load()),
      disaster: index % 2 === 0 ? 'stream-deleted' : 'server-lost',
    }),
  }));
}
