import { describe, expect, test } from 'vitest';
import { ExplainedError } from '../../model/errors.ts';
import { Secrets } from '../../model/secrets.ts';
import { jetstream } from './jetstream.ts';
import { isHarnessWrite, markerSubject, placesOf, probeSubject, tellNames } from './names.ts';
import { parseOptions } from './options.ts';

const orders = { name: 'orders', subjects: ['orders.created', 'orders.paid'], messages: 10 };

describe('the options of jetstream()', () => {
  test('sizes are read as people write them, and the rest has defaults', () => {
    const content = parseOptions({
      streams: [orders],
      objectStores: [{ bucket: 'invoices', objects: 2, largest: '4MiB' }],
    });
    expect(content.objectStores[0]?.largest).toBe(4 * 1024 * 1024);
    expect(content.streams[0]).toMatchObject({ retention: 'limits', storage: 'file', headers: false });
  });

  test.each([
    ['a misspelt field', { streams: [{ ...orders, retension: 'limits' }] }, 'retension'],
    ['a negative number of messages', { streams: [{ ...orders, messages: -1 }] }, 'streams.0.messages'],
    [
      'a wildcard that is no whole token',
      { streams: [{ ...orders, subjects: ['orders.a*'] }] },
      'streams.0.subjects.0',
    ],
    ['a name that the server refuses', { streams: [{ ...orders, name: 'orders.eu' }] }, 'streams.0.name'],
    ['two subjects that overlap', { streams: [{ ...orders, subjects: ['a.*', 'a.b'] }] }, 'a.* and a.b overlap'],
    [
      'N07: a message larger than the server takes',
      { streams: [{ ...orders, payload: '600KiB' }] },
      "the server accepts at most 1.0 MiB (max_payload). State the limit of production, e.g. server: { maxPayload: '8MiB' }",
    ],
    ['a mirror', { streams: [{ ...orders, config: { mirror: { name: 'x' } } }] }, 'mirroredStreams'],
    ['a sealed stream', { streams: [{ ...orders, config: { sealed: true } }] }, 'takes no messages'],
    [
      'a field with an option of its own',
      { streams: [{ ...orders, config: { storage: 'file' } }] },
      'config.storage has an option',
    ],
    ['messages that expire during the drill', { streams: [{ ...orders, config: { max_age: 60e9 } }] }, 'would expire'],
    [
      'a limit that the messages do not fit',
      { streams: [{ ...orders, config: { discard: 'new', max_msgs: 5 } }] },
      'would refuse some of the 10 messages',
    ],
    [
      'a pushing consumer that has acknowledged',
      { streams: [{ ...orders, consumers: [{ durable: 'a', acknowledged: 0.5, config: { deliver_subject: 'x' } }] }] },
      'to be 0 or left out for a consumer that pushes',
    ],
    [
      'a consumer that is there twice',
      { streams: [{ ...orders, consumer: { durable: 'a' }, consumers: [{ durable: 'a' }] }] },
      'consumer a is listed twice',
    ],
    [
      'a value that is gone during the drill',
      { keyValue: [{ bucket: 'b', keys: 1, ttl: '5m' }] },
      'end while the drill runs',
    ],
    ['a number of replicas that forms no majority', { replicas: 2, streams: [orders] }, 'replicas'],
    ['an unreadable size', { objectStores: [{ bucket: 'b', objects: 1, largest: '4 megs' }] }, '4 megs'],
    [
      'a stream that is there twice',
      { streams: [orders, { ...orders, subjects: ['x'] }] },
      'stream orders is listed twice',
    ],
    [
      'a subject that is there twice',
      { streams: [orders, { ...orders, name: 'o' }] },
      'orders.created is listed twice',
    ],
    [
      'object stores without a place for markers',
      { objectStores: [{ bucket: 'b', objects: 1 }] },
      'no place for markers',
    ],
  ])('%s is refused in a sentence that names it', (_, options, named) => {
    const parse = () => parseOptions(options);
    expect(parse).toThrow(ExplainedError);
    expect(parse).toThrow(named);
  });

  test('an asset of nothing protects nothing', () => {
    expect(jetstream({}).protectedCount).toBe(0);
    expect(jetstream({ streams: [orders], keyValue: [{ bucket: 'settings', keys: 1 }] }).protectedCount).toBe(2);
  });
});

describe('N08: the names of streams', () => {
  test('keep the spelling of their author, who may have two that differ in case', () => {
    const content = parseOptions({
      streams: [
        { ...orders, name: 'orders-eu' },
        { ...orders, name: 'Orders-EU', subjects: ['x'] },
        { ...orders, name: '2026+größe=1', subjects: ['y.>'] },
      ],
    });
    expect(placesOf(content, 'd1').map(({ stream }) => stream)).toEqual([
      'orders-eu_d1',
      'Orders-EU_d1',
      '2026+größe=1_d1',
    ]);
  });
});

describe('replicas', () => {
  test('take a cluster, of which a node can be lost by itself', () => {
    const single = jetstream({ streams: [orders] });
    const cluster = jetstream({ streams: [orders], replicas: 3 });
    expect([single.needs, cluster.needs]).toEqual([['nats'], ['nats', 'nats-cluster']]);
    expect(single.disasters.map(({ name }) => name)).not.toContain('node-lost');
    expect(cluster.disasters.map(({ name }) => name)).toContain('node-lost');
  });

  test("are refused on a server that is not the target's", () => {
    const description = 'StatefulSet nats';
    const loss = { threat: '', blastRadius: '' };
    const start = async () => Promise.reject(new Error('nobody starts it'));
    const server = { description, needs: [], loss, start };
    expect(() => jetstream({ server, streams: [orders], replicas: 3 })).toThrow(
      /replicas: expected 1.*StatefulSet nats/,
    );
  });
});

describe('the names that a drill uses', () => {
  const content = parseOptions({ streams: [orders], keyValue: [{ bucket: 'settings', keys: 1 }] });

  test('two drills share none of them', () => {
    const namesOf = (drillId: string) =>
      placesOf(content, drillId).flatMap((place) => [place.stream, ...(place.kind === 'stream' ? place.subjects : [])]);
    const [first, second] = [namesOf('d1'), namesOf('d2')];
    expect(first.filter((name) => second.includes(name))).toEqual([]);
  });

  test('markers and probe writes are told from seeded messages', () => {
    for (const place of placesOf(content, 'd1')) {
      const isOurs = isHarnessWrite(place);
      expect(isOurs(markerSubject(place, 7) ?? '')).toBe(true);
      expect(isOurs(probeSubject(place) ?? '')).toBe(true);
      expect(isOurs(place.kind === 'stream' ? (place.subjects[0] ?? '') : '$KV.settings_d1.color')).toBe(false);
    }
  });

  test('stay readable where a stream is named after a value that is secret', () => {
    const secrets = new Secrets();
    secrets.add('orders', 'a user');
    tellNames(placesOf(content, 'd1'), secrets);
    expect(secrets.redact('read stream orders_d1, as orders')).toBe('read stream orders_d1, as ***');
  });
});
