import { RetentionPolicy } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { consumerOnLeader, createWithEnoughPeers } from './cluster-settling.ts';
import { Connection } from './connection.ts';
import { readStream } from './reader.ts';
import { ownNatsCluster } from './service.ts';
import { waitForInterest } from './wait-for-interest.ts';

const target = sharedTarget();

const streams = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

test('reads the leader’s copy of a replicated stream, also during an election, and takes nothing from a work queue', async () => {
  const step = { clock: systemClock, signal: AbortSignal.timeout(60_000) };
  const cluster = await target.place(ownNatsCluster, { label: 'reading', nodes: 3 }, step.signal);
  onTestFinished(async () => await cluster[Symbol.asyncDispose]());
  await using connection = new Connection(cluster.url, 'reading');
  const { nc, jsm } = await connection.use(step.signal);
  // A consumer with random placement is on the leader's server one time in three.
  for (const name of streams) {
    await createWithEnoughPeers(name, () => jsm.streams.add({ name, subjects: [name], num_replicas: 3 }), step);
    await waitForInterest(nc, name, step);
    await nc.request(name, 'one');
    const reading = await consumerOnLeader(jsm, name, { deliver_subject: `reading.${name}` }, step);
    expect(reading.num_pending).toBe(1);
    expect(reading.cluster?.leader).toBe((await jsm.streams.info(name)).cluster?.leader);
  }

  const [name, retention] = ['queue', RetentionPolicy.Workqueue];
  const queue = { name, subjects: [name], num_replicas: 3, retention, allow_direct: true };
  await createWithEnoughPeers(name, () => jsm.streams.add(queue), step);
  await waitForInterest(nc, name, step);
  for (const body of ['one', 'two']) await nc.request(name, body);
  const found: string[] = [];
  await readStream(nc, name, ({ payload }) => found.push(Buffer.from(payload).toString()), step);
  expect(found).toEqual(['one', 'two']);
  expect((await jsm.streams.info(name)).state.messages).toBe(2);

  // Some streams have no leader now, and any server with a copy answers for them.
  await cluster.node?.lose();
  await using survivors = new Connection(cluster.url, 'reading on');
  const session = await survivors.use(step.signal);
  for (const each of streams) {
    const left: string[] = [];
    await readStream(session.nc, each, ({ payload }) => left.push(Buffer.from(payload).toString()), step);
    expect([each, ...left]).toEqual([each, 'one']);
  }
});
