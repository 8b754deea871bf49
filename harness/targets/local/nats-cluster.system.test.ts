import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { ownNatsCluster } from '../../systems/nats/service.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { patient } from './testing.ts';

const target = sharedTarget();

test('a cluster of three replicates, goes on without a node, takes an empty one in again, and is lost whole', async () => {
  const cluster = await target.place(ownNatsCluster, { label: 'three', nodes: 3 }, patient);
  onTestFinished(async () => await cluster[Symbol.asyncDispose]());
  const { node } = cluster;
  const servers = cluster.url.split(',');
  expect(servers).toHaveLength(3);
  const connection = await connect({
    servers,
    ignoreClusterUpdates: true,
    reconnectTimeWait: 20,
    maxReconnectAttempts: -1,
  });
  onTestFinished(async () => await connection.close());
  const manager = await jetstreamManager(connection, { timeout: 20_000 });
  await manager.streams.add({ name: 'ORDERS', subjects: ['orders'], num_replicas: 3 });
  await jetstream(connection).publish('orders', 'one');
  const before = await node.serverId(patient);

  expect(await node.lose()).toMatch(/which led the meta group, of 3: .*SIGKILL/);
  expect([await node.isAlive(), await cluster.isAlive()]).toEqual([false, true]);
  await node.succeeded(patient);
  const { cluster: led } = await manager.streams.info('ORDERS');
  expect(led?.leader).not.toBe(node.name);
  await node.replace(patient);
  expect(await node.serverId(patient)).not.toBe(before);
  expect((await manager.streams.info('ORDERS')).state.messages).toBe(1);

  expect(await cluster.lose()).toMatch(/every one of 3 nodes: .*SIGKILL/);
  expect(await cluster.isAlive()).toBe(false);
  await cluster.replace(patient);
  const anew = await connect({ servers, ignoreClusterUpdates: true });
  onTestFinished(async () => await anew.close());
  expect(await Array.fromAsync((await jetstreamManager(anew)).streams.list())).toEqual([]);
});
