import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { z } from 'zod';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import type { Seeded } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { counted } from '../../model/text.ts';
import { formatSize } from '../../model/units.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { createWithEnoughPeers, retryDuringElection, streamInfoFromLeader } from './cluster-settling.ts';
import { bucketRevisions, objectName, SeedSource, storeObjects, streamMessages } from './content.ts';
import {
  type MadeBucket,
  type MadeObjectStore,
  type MadeStream,
  markerSubject,
  type Place,
  probeSubject,
} from './names.ts';
import type { ConsumerContent } from './options.ts';
import { publishMany } from './publish-many.ts';
import { concrete, configFor, consumerConfigFor, type ServerConfig } from './stream-config.ts';
import { waitForConsumerInterest, waitForInterest } from './wait-for-interest.ts';

const ACK_WAIT_MS = 3_600_000;
/** Time limit for an answer of a cluster, which may have just started, and whose machine may be busy. */
const BUDGET_MS = 60_000;
/** Number of delivered messages that a consumer has not acknowledged: state that a careless restore loses. */
const UNACKNOWLEDGED = 7;
const DELETIONS_AT_ONCE = 50;

export interface SeedTask {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly mark: Readonly<Record<string, string>>;
  readonly drillId: string;
  readonly scale: number;
  /** Copies of each stream; the default is 1. */
  readonly replicas?: number;
  readonly step: Step;
}

/** Creates every place with the disposable mark and fills it; the content depends only on the drill's id. */
export async function seedPlaces(places: readonly Place[], task: SeedTask): Promise<Seeded> {
  let items = 0;
  let bytes = 0;
  const parts: string[] = [];
  for (const place of places) {
    task.step.progress(`seeding ${place.label}`);
    const source = new SeedSource(`${task.drillId} ${place.stream}`);
    const seeded =
      place.kind === 'stream'
        ? await seedStream(place, source, task)
        : place.kind === 'key-value'
          ? await seedBucket(place, source, task)
          : await seedObjectStore(place, source, task);
    items += seeded.items;
    bytes += seeded.bytes;
    parts.push(`${place.label}: ${seeded.part}`);
  }
  return { items, bytes, parts };
}

interface SeededPart {
  readonly items: number;
  readonly bytes: number;
  readonly part: string;
}
const scaled = (count: number, task: SeedTask) => (count === 0 ? 0 : Math.max(1, Math.round(count * task.scale)));
const inWords = (count: number) => count.toLocaleString('en-GB');

async function seedStream(place: MadeStream, source: SeedSource, task: SeedTask): Promise<SeededPart> {
  const { content, subjects, stream } = place;
  const config = {
    ...configFor(content.config, task.drillId),
    name: stream,
    subjects: [...subjects, markerSubject(place, '*') ?? '', probeSubject(place) ?? ''],
    retention: content.retention === 'limits' ? RetentionPolicy.Limits : RetentionPolicy.Workqueue,
    storage: content.storage === 'file' ? StorageType.File : StorageType.Memory,
    allow_direct: content.config['allow_direct'] !== false,
    num_replicas: task.replicas ?? 1,
    metadata: { ...metadataSchema.parse(content.config['metadata'] ?? {}), ...task.mark },
    ...(content.firstSequence === undefined ? {} : { first_seq: content.firstSequence }),
  };
  await createWithEnoughPeers(place.label, async () => await task.jsm.streams.add(config), task.step);
  const listeners = subjects.map((subject) => concrete(subject, 0));
  for (const subject of listeners) await waitForInterest(task.nc, subject, task.step);
  const count = scaled(content.messages, task);
  const { bytes } = await publishMany(task.nc, streamMessages(place, count, source), task.step);
  const gaps = await deleteSome(place, task);
  const parts = [`${inWords(count)} messages (${formatSize(bytes)}) in ${counted(subjects.length, 'subject')}`];
  if (gaps > 0) parts.push(`${inWords(gaps)} of them deleted`);
  for (const consumer of content.consumers) {
    const acknowledged = await consumePartly(place, consumer, task);
    parts.push(`consumer ${consumer.durable} acknowledged ${inWords(acknowledged)}`);
  }
  const { state } = await streamInfoFromLeader(task.jsm, stream, task.step);
  if (state.messages !== count) parts.push(`${inWords(state.messages)} messages left`);
  // Counts the stream itself: it must come back even if it is empty.
  return { items: state.messages + 1, bytes, part: parts.join('; ') };
}

const metadataSchema = z.record(z.string(), z.string());

/** Deletes messages one by one, spread over the stream; the first and the last stay. @returns their number. */
async function deleteSome({ content, stream }: MadeStream, task: SeedTask): Promise<number> {
  if (content.deleted === 0) return 0;
  const { state } = await streamInfoFromLeader(task.jsm, stream, task.step);
  const inside = state.last_seq - state.first_seq - 1;
  const wanted = Math.min(inside, Math.round(state.messages * content.deleted));
  const sequences = Array.from(
    { length: wanted },
    (_, index) => state.first_seq + 1 + Math.floor((index * inside) / wanted),
  );
  await forEachBounded(sequences, DELETIONS_AT_ONCE, async (sequence) => {
    await untilAborted(task.jsm.streams.deleteMessage(stream, sequence, false), task.step.signal);
  });
  return wanted;
}

/** Delivers a share of the messages, acknowledges it, and delivers a few more without acknowledgement. */
async function consumePartly(place: MadeStream, consumer: ConsumerContent, task: SeedTask): Promise<number> {
  const { content, stream, subjects } = place;
  const { pause_until: pausedUntil, ...given } = consumerConfigFor(consumer.config, task.drillId);
  const mine = content.config['subject_transform'] === undefined ? [...subjects] : [`${task.drillId}.>`];
  const config: Partial<ConsumerConfig> = {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: 10_000,
    ...given,
    // Excludes the markers: the progress of the consumer is content, and markers continue.
    ...(given['filter_subject'] === undefined && given['filter_subjects'] === undefined
      ? { filter_subjects: mine }
      : {}),
    durable_name: consumer.durable,
  };
  const label = `consumer ${consumer.durable} of ${place.label}`;
  const added = await createWithEnoughPeers(label, async () => await task.jsm.consumers.add(stream, config), task.step);
  if (consumer.acknowledged > 0) await acknowledgeSome(place, consumer, added, task);
  if (pausedUntil !== undefined && pausedUntil !== null) {
    const until = new Date(z.iso.datetime({ offset: true }).parse(pausedUntil));
    await untilAborted(task.jsm.consumers.pause(stream, consumer.durable, until), task.step.signal);
  }
  const look = async () => arrived(await task.jsm.consumers.info(stream, consumer.durable));
  const info = await retryDuringElection({ for: `the position of ${label}`, budgetMs: BUDGET_MS, look }, task.step);
  return info.ack_floor.consumer_seq;
}

async function acknowledgeSome(
  { content, stream, label: streamLabel }: MadeStream,
  { durable, acknowledged }: ConsumerContent,
  { num_pending: available, config }: ConsumerInfo,
  task: SeedTask,
): Promise<void> {
  const label = `consumer ${durable} of ${streamLabel}`;
  await waitForConsumerInterest(task.nc, stream, durable, task.step);
  const find = async () => arrived(await jetstream(task.nc).consumers.get(stream, durable));
  const handle = await retryDuringElection({ for: label, budgetMs: BUDGET_MS, look: find }, task.step);
  const mostPending =
    config.max_ack_pending === undefined || config.max_ack_pending < 1 ? 10_000 : config.max_ack_pending;
  const toAcknowledge = Math.floor(available * acknowledged);
  const toDeliver = Math.min(available, toAcknowledge + Math.min(UNACKNOWLEDGED, mostPending));
  let [delivered, kept] = [0, 0];
  let last: JsMsg | undefined;
  while (delivered < toDeliver) {
    // Unacknowledged messages must not exceed the consumer's limit: it would stop delivering.
    const room = mostPending - kept - (last === undefined ? 0 : 1);
    if (room <= 0 && last !== undefined) {
      await untilAborted(last.ackAck(), task.step.signal);
      last = undefined;
    }
    const wanted = Math.min(500, toDeliver - delivered, Math.max(1, room));
    for (const message of await someMessages(label, handle, wanted, task.step)) {
      delivered += 1;
      // A work queue removes acknowledged messages: skipping every fifth one creates gaps and holds back the ack floor.
      // The limit must leave room for the unacknowledged messages at the end: a consumer at its limit stops delivering.
      const hasRoom = kept + Math.min(UNACKNOWLEDGED, mostPending) < mostPending;
      const isGap = content.retention === 'workqueue' && acknowledged < 1 && delivered % 5 === 3 && hasRoom;
      if (delivered > toAcknowledge || isGap) {
        kept += 1;
        continue;
      }
      if (last !== undefined) last.ack();
      last = message;
    }
  }
  // The server confirms the last acknowledgement, which follows all the others on the same connection.
  if (last !== undefined) await untilAborted(last.ackAck(), task.step.signal);
}

/** Returns at least one message and at most `wanted`. A consumer whose leader has just changed delivers nothing for a while. */
async function someMessages(label: string, consumer: Consumer, wanted: number, step: Step): Promise<readonly JsMsg[]> {
  const look = async () => {
    const messages = await Array.fromAsync(await consumer.fetch({ max_messages: wanted, expires: 5_000 }));
    return messages.length > 0 ? arrived(messages) : notYet('no message within 5 s');
  };
  return await retryDuringElection({ for: `messages for ${label}`, budgetMs: BUDGET_MS, look }, step);
}

async function seedBucket(place: MadeBucket, source: SeedSource, task: SeedTask): Promise<SeededPart> {
  const { history, ttl, config } = place.content;
  const options = {
    history,
    replicas: task.replicas ?? 1,
    metadata: { ...task.mark },
    ...(ttl === undefined ? {} : { ttl }),
  };
  await createWithEnoughPeers(place.label, async () => await new Kvm(task.nc).create(place.bucket, options), task.step);
  await configure(place, config, task);
  await waitForInterest(task.nc, `$KV.${place.bucket}.listening`, task.step);
  const keys = scaled(place.content.keys, task);
  const { bytes } = await publishMany(task.nc, bucketRevisions(place, keys, source), task.step);
  const { state } = await streamInfoFromLeader(task.jsm, place.stream, task.step);
  const part = `${inWords(state.messages)} revisions of ${inWords(keys)} keys, deletes and purges among them`;
  return { items: state.messages, bytes, part };
}

async function seedObjectStore(place: MadeObjectStore, source: SeedSource, task: SeedTask): Promise<SeededPart> {
  const options = { replicas: task.replicas ?? 1, metadata: { ...task.mark } };
  const store = await createWithEnoughPeers(
    place.label,
    async () => await new Objm(task.nc).create(place.bucket, options),
    task.step,
  );
  await configure(place, place.content.config, task);
  await waitForInterest(task.nc, `$O.${place.bucket}.M.listening`, task.step);
  await waitForInterest(task.nc, `$O.${place.bucket}.C.listening`, task.step);
  const count = scaled(place.content.objects, task);
  let bytes = 0;
  for (const object of storeObjects(place, count, source)) {
    task.step.signal.throwIfAborted();
    await store.put(
      { name: object.name, description: `invoice ${object.name}` },
      ReadableStream.from<Uint8Array>(object.chunks()),
    );
    bytes += object.sizeBytes;
  }
  const { deleted: share, links } = place.content;
  const deleted = Math.min(count - 1, Math.round(count * share));
  // Deletes from the front: the last object, which is the largest, stays.
  for (let index = 0; index < deleted; index += 1) {
    await untilAborted(store.delete(objectName(index)), task.step.signal);
  }
  const last = await untilAborted(store.info(objectName(count - 1)), task.step.signal);
  if (last === null) throw new Error(`${place.label}: the last object is not there after seeding`);
  for (let index = 0; index < links; index += 1) {
    await untilAborted(store.link(`links/${index}`, last), task.step.signal);
  }
  const parts = [`${inWords(count)} objects (${formatSize(bytes)}), one of them empty`];
  if (deleted > 0) parts.push(`${inWords(deleted)} of them deleted`);
  if (links > 0) parts.push(`${inWords(links)} links`);
  return { items: count + links, bytes, part: parts.join('; ') };
}

/** Sets configuration for which a bucket has no option on the stream behind it. */
async function configure(
  { stream }: MadeBucket | MadeObjectStore,
  config: ServerConfig,
  task: SeedTask,
): Promise<void> {
  if (Object.keys(config).length === 0) return;
  await untilAborted(task.jsm.streams.update(stream, configFor(config, task.drillId)), task.step.signal);
}
