import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { sharedNats } from './service.ts';
import { waitForConsumerInterest, waitForInterest } from './wait-for-interest.ts';

const target = sharedTarget();

test('waits until there is a stream that listens, and writes nothing into it', async () => {
  const nc = await connect({ servers: (await target.place(sharedNats)).url });
  onTestFinished(async () => await nc.close());
  const jsm = await jetstreamManager(nc);
  const [name, subject] = ['LISTENING', `listening.${randomUUID()}`];
  const step = { clock: systemClock, signal: AbortSignal.timeout(20_000) };
  let listens = false;
  const waiting = waitForInterest(nc, subject, step).then(() => expect(listens).toBe(true));
  await expect(nc.request(subject)).rejects.toThrow('no responders');
  listens = true;
  await jsm.streams.add({ name, subjects: [subject] });
  onTestFinished(async () => void (await jsm.streams.delete(name)));
  await waiting;
  expect((await jsm.streams.info(name)).state).toMatchObject({ messages: 0, last_seq: 0 });
});

test('waits until a consumer takes requests, and has nothing delivered by it', async () => {
  const nc = await connect({ servers: (await target.place(sharedNats)).url });
  onTestFinished(async () => await nc.close());
  const jsm = await jetstreamManager(nc);
  const [name, subject, durable] = ['TAKING', `taking.${randomUUID()}`, 'worker'];
  await jsm.streams.add({ name, subjects: [subject] });
  onTestFinished(async () => void (await jsm.streams.delete(name)));
  await nc.request(subject, 'one');
  const step = { clock: systemClock, signal: AbortSignal.timeout(20_000) };
  let listens = false;
  const waiting = waitForConsumerInterest(nc, name, durable, step).then(() => expect(listens).toBe(true));
  await expect(nc.request(`$JS.API.CONSUMER.MSG.NEXT.${name}.${durable}`)).rejects.toThrow('no responders');
  listens = true;
  await jsm.consumers.add(name, { durable_name: durable, ack_policy: AckPolicy.Explicit });
  await waiting;
  expect(await jsm.consumers.info(name, durable)).toMatchObject({ num_pending: 1, num_ack_pending: 0, num_waiting: 0 });
});
