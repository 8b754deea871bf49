import type { JetStreamOptions } from '../options.ts';

export const orders = { name: 'orders', subjects: ['orders.created'], messages: 40 } as const;

/** Realistic shapes of streams, buckets and stores; each must come back. */
export const shapes: Record<string, JetStreamOptions> = {
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
