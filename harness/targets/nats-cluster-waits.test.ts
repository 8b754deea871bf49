import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { everythingLed, leaderElected } from './nats-cluster-waits.ts';

const { signal } = new AbortController();

/** Serves the monitoring of a node of this name, with the given answer. */
async function monitoring(serverName: string, answer: unknown) {
  const server = createServer((_, response) => response.end(JSON.stringify(answer)));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { serverName, monitorUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const holding = (stream: object, consumer: object) => ({
  account_details: [
    {
      stream_detail: [{ name: 'ORDERS', cluster: stream, consumer_detail: [{ name: 'billing', cluster: consumer }] }],
    },
  ],
});
const ledByA = { leader: 'a' };

test('a cluster that lost a node goes on when the others lead and hold everything', async () => {
  const replicas = [
    { name: 'b', current: true },
    { name: 'lost', current: false },
  ];
  const a = await monitoring('a', holding({ leader: 'a', replicas }, { leader: 'b' }));
  const b = await monitoring('b', holding(ledByA, { leader: 'b', replicas: [{ name: 'a', current: true }] }));
  expect(await everythingLed('three', [a, b]).look(signal)).toEqual({ done: true, value: undefined });
});

test.each([
  ['a stream still names the lost node', holding({ leader: 'lost' }, ledByA), 'stream ORDERS has no leader there'],
  ['a consumer has no leader', holding(ledByA, {}), 'consumer billing of stream ORDERS has no leader there'],
  [
    'the other copy lags',
    holding({ leader: 'a', replicas: [{ name: 'b', current: false }] }, ledByA),
    'stream ORDERS is behind on b',
  ],
])('it does not while %s', async (_, answer, seen) => {
  const nodes = [await monitoring('a', answer), await monitoring('b', {})];
  expect(await everythingLed('three', nodes).look(signal)).toMatchObject({ done: false, seen });
});

test.each([
  [
    { name: 'b', current: true },
    { done: true, value: 'a' },
  ],
  [
    { name: 'b', current: true, offline: true },
    { done: false, seen: 'a leads and waits for b' },
  ],
])('who leads the meta group must know every node: %o', async (replica, look) => {
  const a = await monitoring('a', { meta_cluster: { leader: 'a', replicas: [replica] } });
  const b = await monitoring('b', { meta_cluster: { leader: 'a' } });
  expect(await leaderElected('three', [a, b]).look(signal)).toMatchObject(look);
});
