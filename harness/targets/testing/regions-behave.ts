import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { Target } from '../../model/target.ts';
import type { Region, RegionPair } from '../../systems/nats/regions.ts';
import { regionPair } from '../../systems/nats/service.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { arrived, waitFor } from '../../wait/wait.ts';
import { streamNames } from '../local/testing.ts';
import { nameAnswers } from '../region-name.ts';
import { LINK_LATENCY_MS } from '../region-pair.ts';
import { srvAnswersByTcp } from './dns-by-tcp.ts';

/** Never aborts: the test's own time limit ends it. */
const patient = new AbortController().signal;
const JOINED_WITHIN_MS = 20_000;

/** Checks of two regions, for every target that has them. */
export function regionsBehave(target: () => Target): void {
  const open = async (): Promise<RegionPair> => {
    const opened = await target().place(regionPair, { label: 'Regions!' }, patient);
    onTestFinished(() => opened[Symbol.asyncDispose]());
    return opened;
  };

  test('two regions are joined over a line with latency, and a DNS server leads to the first, by UDP and TCP', async () => {
    const pair = await open();
    const { primary, standby, name } = pair;
    expect(pair.settings['line between the regions']).toContain(`${LINK_LATENCY_MS} ms`);
    await waitFor(nameAnswers(name.server, name.service, primary.serviceRecord), systemClock, patient);
    expect(await srvAnswersByTcp(name.server, name.service)).toBe(1);

    // There and back: the latency applies in both directions.
    expect(await joinedRoundTripMs(pair, standby, primary)).toBeGreaterThanOrEqual(2 * LINK_LATENCY_MS);
    expect(await joinedRoundTripMs(pair, primary, standby)).toBeGreaterThanOrEqual(2 * LINK_LATENCY_MS);
  });

  test('a region that fails takes its servers and its S3 along, and comes back at its addresses with what it had stored', async () => {
    const pair = await open();
    const { primary, standby } = pair;
    await store(target(), primary);
    expect(await primary.whatIsStored(patient)).toMatch(/JetStream storage and objects in/);

    expect(await primary.fail('kept')).toMatch(/us-west-2.*SIGKILL.*page cache kept.*storage and bucket kept/);
    expect(await primary.isAlive()).toBe(false);
    expect(await primary.doesStorageAnswer(patient)).toBe(false);
    await expect(streamNames(primary.url)).rejects.toThrow(/refused/i);
    await expect(objectIn(target(), primary)).rejects.toThrow();
    await expect(roundTripMs(pair, standby, primary)).rejects.toThrow();
    expect([await standby.isAlive(), await standby.doesStorageAnswer(patient)]).toEqual([true, true]);
    await expect(primary.fail('kept')).rejects.toThrow('it was lost already');

    await primary.storageComesBack();
    expect(await objectIn(target(), primary)).toBe('kept');
    expect(await primary.isAlive()).toBe(false);
    await primary.comeBack(patient);
    expect(await streamNames(primary.url)).toEqual(['ORDERS']);
    expect(await joinedRoundTripMs(pair, standby, primary)).toBeGreaterThanOrEqual(2 * LINK_LATENCY_MS);
  });

  test('a region that is destroyed comes back empty, and open to whom its access file says', async () => {
    const pair = await open();
    const { primary } = pair;
    await store(target(), primary);
    expect(await primary.fail('destroyed')).toMatch(/storage removed, bucket emptied of every version/);
    expect(await primary.whatIsStored(patient)).toBeUndefined();
    await primary.comeBack(patient);
    expect(await streamNames(primary.url)).toEqual([]);
    await expect(objectIn(target(), primary)).rejects.toThrow(/key does not exist/i);
  });
}

async function store(target: Target, { url, bucket, ...region }: Region): Promise<void> {
  const connection = await connect({ servers: url, reconnect: false });
  await (await jetstreamManager(connection)).streams.add({ name: 'ORDERS', subjects: ['orders'] });
  await jetstream(connection).publish('orders', 'one');
  await connection.close();
  using client = await clientOf(target, region.s3Endpoint, region.name);
  for (const Body of ['old', 'kept']) await client.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'one', Body }));
}

async function objectIn(target: Target, { bucket, s3Endpoint, name }: Region): Promise<string | undefined> {
  using client = await clientOf(target, s3Endpoint, name);
  const { Body } = await client.s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'one' }));
  return await Body?.transformToString();
}

async function clientOf(target: Target, endpoint: string, region: string) {
  const { accessKeyId, secretAccessKey } = await target.place(s3Store);
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  return { s3, [Symbol.dispose]: () => s3.destroy() };
}

/** Measures the time in which the JetStream API of one region answers in the other. @throws when it does not answer. */
async function roundTripMs({ credentials }: RegionPair, from: Region, to: Region): Promise<number> {
  const { operatorUser: user, operatorPassword: pass } = credentials;
  const connection = await connect({ servers: from.url, user, pass, reconnect: false });
  try {
    const beganMs = performance.now();
    await connection.request(`$JS.${to.domain}.API.INFO`, '', { timeout: 2_000 });
    return performance.now() - beganMs;
  } finally {
    await connection.close();
  }
}

/** The same, once the leaf node connection is established. */
async function joinedRoundTripMs(pair: RegionPair, from: Region, to: Region): Promise<number> {
  const joined = {
    for: `${to.name} to answer in ${from.name}`,
    budgetMs: JOINED_WITHIN_MS,
    look: async () => arrived(await roundTripMs(pair, from, to)),
  };
  return await waitFor(joined, systemClock, patient);
}
