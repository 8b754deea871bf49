import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
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
import type { Seeded } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { formatSize } from '../../model/units.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { bucketRevisions, SeedSource, storeObjects, streamMessages } from './content.ts';
import { ledInfo } from './led-info.ts';
import {
  type MadeBucket,
  type MadeObjectStore,
  type MadeStream,
  markerSubject,
  type Place,
  probeSubject,
} from './names.ts';
import { outlastElection } from './outlast-election.ts';
import { placed } from './placed.ts';
import { publishMany } from './publish-many.ts';
import { untilConsumerListens, untilListening } from './until-listening.ts';

const ACK_WAIT_MS = 3_600_000;
/** How long a cluster may take to answer: it may have just started, and its machine may be busy. */
const BUDGET_MS = 60_000;
/** Delivered and not acknowledged on top of what a consumer has acknowledged: the state that a careless restore forgets. */
const UNACKNOWLEDGED = 7;

export interface SeedTask {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly mark: Readonly<Record<string, string>>;
  readonly drillId: string;
  readonly scale: number;
  /** Copies of each stream; 1 when left out. */
  readonly replicas?: number;
  readonly step: Step;
}

/** Makes every place with the disposable mark and fills it; the content depends on the drill's id alone. */
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
const scaled = (count: number, task: SeedTask) => Math.max(1, Math.round(count * task.scale));
const inWords = (count: number) => count.toLocaleString('en-GB');

async function seedStream(place: MadeStream, source: SeedSource, task: SeedTask): Promise<SeededPart> {
  const { content, subjects, stream } = place;
  const config = {
    name: stream,
    subjects: [...subjects, markerSubject(place, '*') ?? '', probeSubject(place) ?? ''],
    retention: content.retention === 'limits' ? RetentionPolicy.Limits : RetentionPolicy.Workqueue,
    storage: content.storage === 'file' ? StorageType.File : StorageType.Memory,
    allow_direct: true,
    num_replicas: task.replicas ?? 1,
    metadata: { ...task.mark },
  };
  await placed(place.label, async () => await task.jsm.streams.add(config), task.step);
  for (const subject of subjects) await untilListening(task.nc, subject, task.step);
  const count = scaled(content.messages, task);
  const { bytes } = await publishMany(task.nc, streamMessages(place, count, source), task.step);
  const written = `${inWords(count)} messages (${formatSize(bytes)}) in ${subjects.length} subjects`;
  if (content.consumer === undefined) return { items: count, bytes, part: written };
  const acknowledged = await consumePartly(place, content.consumer, count, task);
  const { state } = await ledInfo(task.jsm, stream, task.step);
  const part = `${written}; consumer ${content.consumer.durable} acknowledged ${inWords(acknowledged)}`;
  return { items: state.messages, bytes, part: `${part}, ${inWords(state.messages)} messages left` };
}

/** Delivers a share of the messages, acknowledges it, and leaves a few delivered without acknowledgement. */
async function consumePartly(
  place: MadeStream,
  consumer: { readonly durable: string; readonly acknowledged: number },
  count: number,
  task: SeedTask,
): Promise<number> {
  const { content, stream, subjects } = place;
  const config: Partial<ConsumerConfig> = {
    durable_name: consumer.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: 10_000,
    filter_subjects: [...subjects],
  };
  const label = `consumer ${consumer.durable} of ${place.label}`;
  await placed(label, async () => await task.jsm.consumers.add(stream, config), task.step);
  await untilConsumerListens(task.nc, stream, consumer.durable, task.step);
  const find = async () => arrived(await jetstream(task.nc).consumers.get(stream, consumer.durable));
  const handle = await outlastElection({ for: label, budgetMs: BUDGET_MS, look: find }, task.step);
  const toAcknowledge = Math.floor(count * consumer.acknowledged);
  const toDeliver = Math.min(count, toAcknowledge + UNACKNOWLEDGED);
  let delivered = 0;
  let last: JsMsg | undefined;
  while (delivered < toDeliver) {
    const wanted = Math.min(500, toDeliver - delivered);
    for (const message of await someMessages(label, handle, wanted, task.step)) {
      delivered += 1;
      // A work queue loses what is acknowledged: leaving every fifth message leaves gaps in it, and an ack floor behind.
      const keep = content.retention === 'workqueue' && delivered % 5 === 3;
      if (delivered > toAcknowledge || keep) continue;
      if (last !== undefined) last.ack();
      last = message;
    }
  }
  // The last acknowledgement is confirmed by the server; it comes after all the others on the same connection.
  if (last !== undefined) await untilAborted(last.ackAck(), task.step.signal);
  const look = async () => arrived(await task.jsm.consumers.info(stream, consumer.durable));
  const info = await outlastElection({ for: `the position of ${label}`, budgetMs: BUDGET_MS, look }, task.step);
  return info.ack_floor.consumer_seq;
}

/** At least one message and at most so many. A consumer whose leader has just changed delivers nothing for a while. */
async function someMessages(label: string, consumer: Consumer, wanted: number, step: Step): Promise<readonly JsMsg[]> {
  const look = async () => {
    const messages = await Array.fromAsync(await consumer.fetch({ max_messages: wanted, expires: 5_000 }));
    return messages.length > 0 ? arrived(messages) : notYet('no message within 5 s');
  };
  return await outlastElection({ for: `messages for ${label}`, budgetMs: BUDGET_MS, look }, step);
}

async function seedBucket(place: MadeBucket, source: SeedSource, task: SeedTask): Promise<SeededPart> {
  const options = { history: place.content.history, replicas: task.replicas ?? 1, metadata: { ...task.mark } };
  await placed(place.label, async () => await new Kvm(task.nc).create(place.bucket, options), task.step);
  await untilListening(task.nc, `$KV.${place.bucket}.listening`, task.step);
  const keys = scaled(place.content.keys, task);
  const { bytes } = await publishMany(task.nc, bucketRevisions(place, keys, source), task.step);
  const { state } = await ledInfo(task.jsm, place.stream, task.step);
  const part = `${inWords(state.messages)} revisions of ${inWords(keys)} keys, deletes and purges among them`;
  return { items: state.messages, bytes, part };
}

async function seedObjectStore(place: MadeObjectStore, source: SeedSource, task: SeedTask): Promise<SeededPart> {
  const options = { replicas: task.replicas ?? 1, metadata: { ...task.mark } };
  const store = await placed(place.label, async () => await new Objm(task.nc).create(place.bucket, options), task.step);
  await untilListening(task.nc, `$O.${place.bucket}.M.listening`, task.step);
  await untilListening(task.nc, `$O.${place.bucket}.C.listening`, task.step);
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
  return { items: count, bytes, part: `${inWords(count)} objects (${formatSize(bytes)}), one of them empty` };
}
