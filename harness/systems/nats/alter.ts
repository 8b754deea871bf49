import { type ConsumerInfo, DeliverPolicy, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Step } from '../../model/step.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { retryDuringElection, streamInfoFromLeader } from './cluster-settling.ts';
import { MessageRefusedError, publishAcknowledged } from './connection.ts';
import { keyName, objectName, SeedSource } from './content.ts';
import type { MadeBucket, MadeObjectStore, MadeStream, Place } from './names.ts';
import type { Known, KnownMessage } from './probe.ts';
import { concrete } from './stream-config.ts';

const WRITE_BUDGET_MS = 10_000;
const CONSUMER_BUDGET_MS = 30_000;
const ADDED = 'between-backups.added';
const ADDED_BYTES = 2_048;

export interface AlterTask {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** The messages that the probe reads; they are not changed. */
  readonly known: readonly Known[];
  readonly drillId: string;
  readonly step: Step;
}

/**
 * Changes every place like its users, as far as its configuration permits: adds, overwrites with other bytes of the same size,
 * acknowledges, deletes. @returns the changes; empty if no place permits one.
 */
export async function alterPlaces(places: readonly Place[], task: AlterTask): Promise<readonly string[]> {
  const changes: string[] = [];
  for (const place of places) {
    task.step.progress(`changing ${place.label} between two backups`);
    const steps =
      place.kind === 'stream'
        ? streamChanges(place, task)
        : place.kind === 'key-value'
          ? bucketChanges(place, task)
          : storeChanges(place, task);
    for (const step of steps) {
      const change = await unlessRefused(step);
      if (change !== undefined) changes.push(`${place.label}: ${change}`);
    }
  }
  return changes;
}

type Change = () => Promise<string | undefined>;

/** Returns undefined if the server refuses the change because of the configuration: a full stream, `deny_delete`. */
async function unlessRefused(change: Change): Promise<string | undefined> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof JetStreamApiError || error instanceof MessageRefusedError) return undefined;
    throw error;
  }
}

function streamChanges(place: MadeStream, task: AlterTask): readonly Change[] {
  return [() => addMessage(place, task), () => acknowledgeOne(place, task), () => deleteMessage(place, task)];
}

async function addMessage(
  place: MadeStream,
  { nc, jsm, known, drillId, step }: AlterTask,
): Promise<string | undefined> {
  const { subjects, stream } = place;
  const subject = concrete(subjects[0] ?? '', 0);
  const { config } = await streamInfoFromLeader(jsm, stream, step);
  // With a limit on messages per subject, another message could displace the one that the probe reads.
  const isKept = (config.max_msgs_per_subject ?? -1) > 0 && messageKnown(place, known)?.subject === subject;
  if (isKept) return undefined;
  const body = `{"order":"between two backups of ${drillId}"}`;
  const sequence = await publishAcknowledged(nc, { subject, body, timeoutMs: WRITE_BUDGET_MS }, step.signal);
  return `message ${sequence} added`;
}

function messageKnown(place: Place, known: readonly Known[]): KnownMessage | undefined {
  const found = known.find((each) => each.place === place);
  return found?.kind === 'message' ? found : undefined;
}

const stored = z.union([
  z.object({ message: z.object({ seq: z.number().int(), subject: z.string() }) }),
  z.object({ error: z.object({ code: z.number() }) }),
]);

/** Acknowledges the first delivered message that is not acknowledged, which holds back the ack floor. One consumer is enough. */
async function acknowledgeOne(place: MadeStream, task: AlterTask): Promise<string | undefined> {
  for (const { durable, acknowledged } of place.content.consumers) {
    // The others have no puller, so they deliver no message.
    const change = acknowledged > 0 ? await acknowledgeFor(place, durable, task) : undefined;
    if (change !== undefined) return change;
  }
  return undefined;
}

async function acknowledgeFor(place: MadeStream, durable: string, task: AlterTask): Promise<string | undefined> {
  const { nc, jsm, known, step } = task;
  const { stream } = place;
  const info = await positionOf(stream, durable, task);
  if (info.num_ack_pending === 0 || skipsStored(info)) return undefined;
  const { consumer_seq: floor, stream_seq: after } = info.ack_floor;
  const sequence = await firstAfter(place, after, filtersOf(info), task);
  // A work queue removes acknowledged messages.
  if (sequence === undefined || messageKnown(place, known)?.sequence === sequence) return undefined;
  const subject = `$JS.ACK.${stream}.${durable}.1.${sequence}.${floor + 1}.0.0`;
  await untilAborted(nc.request(subject, '+ACK', { timeout: WRITE_BUDGET_MS }), step.signal);
  const look = async () => {
    const now = await jsm.consumers.info(stream, durable);
    return now.ack_floor.consumer_seq > floor ? arrived(undefined) : notYet(`ack floor ${now.ack_floor.consumer_seq}`);
  };
  const awaited = `consumer ${durable} of ${place.label} to count the acknowledgement of message ${sequence}`;
  await retryDuringElection({ for: awaited, budgetMs: CONSUMER_BUDGET_MS, look }, step);
  return `message ${sequence} acknowledged by consumer ${durable}`;
}

/** How far a consumer has come. That a cluster elects whoever leads it must not look like a refusal of the change. */
async function positionOf(
  stream: string,
  durable: string,
  { jsm, step }: Pick<AlterTask, 'jsm' | 'step'>,
): Promise<ConsumerInfo> {
  const look = async () => arrived(await jsm.consumers.info(stream, durable));
  const awaited = `the position of consumer ${durable} of stream ${stream}`;
  return await retryDuringElection({ for: awaited, budgetMs: CONSUMER_BUDGET_MS, look }, step);
}

/** Returns whether the consumer gets only one stored message per subject: then the next stored message is not its next delivery. */
const skipsStored = ({ config }: Pick<ConsumerInfo, 'config'>): boolean =>
  config.deliver_policy === DeliverPolicy.LastPerSubject;

const filtersOf = ({ config }: ConsumerInfo): readonly string[] =>
  config.filter_subjects ?? (config.filter_subject === undefined ? ['>'] : [config.filter_subject]);

/** Returns the first stored message after a sequence that matches a filter: the smallest answer over all filters. */
async function firstAfter(
  { stream }: MadeStream,
  after: number,
  filters: readonly string[],
  { nc, step }: AlterTask,
): Promise<number | undefined> {
  const found: number[] = [];
  for (const filter of filters) {
    const request = JSON.stringify({ seq: after + 1, next_by_subj: filter });
    const asked = nc.request(`$JS.API.STREAM.MSG.GET.${stream}`, request, { timeout: WRITE_BUDGET_MS });
    const answer = stored.parse((await untilAborted(asked, step.signal)).json());
    if ('message' in answer) found.push(answer.message.seq);
  }
  return found.length === 0 ? undefined : Math.min(...found);
}

/** Deletes a message that no consumer has received yet: the treatment of deleted messages by consumers differs between servers. */
async function deleteMessage(place: MadeStream, { jsm, known, step }: AlterTask): Promise<string | undefined> {
  const { stream, content } = place;
  if (content.retention !== 'limits') return undefined;
  const sequence = (messageKnown(place, known)?.sequence ?? 0) - 1;
  for (const { durable } of content.consumers) {
    const { delivered } = await positionOf(stream, durable, { jsm, step });
    if (sequence <= delivered.stream_seq) return undefined;
  }
  if (sequence < 1) return undefined;
  await untilAborted(jsm.streams.deleteMessage(stream, sequence, false), step.signal);
  return `message ${sequence} deleted`;
}

function bucketChanges(
  { bucket, content }: MadeBucket,
  { nc, drillId, step: { signal } }: AlterTask,
): readonly Change[] {
  const open = async () => await untilAborted(new Kvm(nc).open(bucket), signal);
  return [
    async () => {
      await untilAborted((await open()).put(ADDED, `between two backups of ${drillId}`), signal);
      return `key ${ADDED} added`;
    },
    async () => {
      // The probe reads the last revision of the last key.
      if (content.keys === 1 && content.history === 1) return undefined;
      const store = await open();
      const name = keyName(0);
      const value = (await untilAborted(store.get(name), signal))?.value;
      if (value === undefined || value.length === 0) return undefined;
      await untilAborted(
        store.put(
          name,
          value.map((byte) => byte ^ 1),
        ),
        signal,
      );
      return `key ${name} overwritten with other ${value.length} bytes`;
    },
    async () => {
      if (content.keys < 3) return undefined;
      await untilAborted((await open()).delete(keyName(1)), signal);
      return `key ${keyName(1)} deleted`;
    },
  ];
}

function storeChanges(place: MadeObjectStore, { nc, drillId, step: { signal } }: AlterTask): readonly Change[] {
  const source = new SeedSource(`${drillId} ${place.stream} between two backups`);
  const open = async () => await untilAborted(new Objm(nc).open(place.bucket), signal);
  const put = async (name: string, sizeBytes: number) => {
    const chunks = function* () {
      for (let sent = 0; sent < sizeBytes; sent += 100_000)
        yield source.bytes(sent, Math.min(100_000, sizeBytes - sent));
    };
    await untilAborted((await open()).put({ name }, ReadableStream.from<Uint8Array>(chunks())), signal);
  };
  /** Returns an object to change. The probe reads the last written description, which is that of a deletion if there were any. */
  const spare = async (index: number) => {
    const info = place.content.objects > 2 ? await untilAborted((await open()).info(objectName(index)), signal) : null;
    return info === null || info.deleted ? undefined : info;
  };
  return [
    async () => {
      await put(ADDED, ADDED_BYTES);
      return `object ${ADDED} added`;
    },
    async () => {
      const info = await spare(1);
      if (info === undefined || info.size === 0) return undefined;
      await put(info.name, info.size);
      return `object ${info.name} overwritten with other ${info.size} bytes`;
    },
    async () => {
      const info = await spare(0);
      if (info === undefined) return undefined;
      await untilAborted((await open()).delete(info.name), signal);
      return `object ${info.name} deleted`;
    },
  ];
}
