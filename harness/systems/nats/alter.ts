import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { MessageRefusedError, publishAcknowledged } from './connection.ts';
import { keyName, SeedSource } from './content.ts';
import type { MadeBucket, MadeObjectStore, MadeStream, Place } from './names.ts';
import { outlastElection } from './outlast-election.ts';
import type { Known } from './probe.ts';

const WRITE_BUDGET_MS = 10_000;
const CONSUMER_BUDGET_MS = 30_000;
const ADDED = 'between-backups.added';
const ADDED_BYTES = 2_048;

export interface AlterTask {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** What the probe reads: it is left alone. */
  readonly known: readonly Known[];
  readonly drillId: string;
  readonly step: Step;
}

/**
 * Changes every place as its users do, as far as its configuration takes it: adds, writes other bytes of the same size, acknowledges,
 * deletes. @returns what was changed.
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
  if (changes.length > 0) return changes;
  throw new ExplainedError({
    thing: places.map(({ label }) => label).join(', '),
    expected: 'a change between two backups to be taken',
    observed: 'every message, acknowledgement and deletion was refused',
    nextStep: 'Look at the limits in the configuration of the stream: a full stream takes nothing more.',
  });
}

type Change = () => Promise<string | undefined>;

/** The server's own refusal means that this configuration does not allow the change: a full stream, `deny_delete`. */
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

async function addMessage({ subjects: [subject = ''] }: MadeStream, { nc, drillId, step }: AlterTask) {
  const body = `{"order":"between two backups of ${drillId}"}`;
  const sequence = await publishAcknowledged(nc, { subject, body, timeoutMs: WRITE_BUDGET_MS }, step.signal);
  return `message ${sequence} added`;
}

const stored = z.object({ message: z.object({ seq: z.number().int() }) });

/** The first message that is delivered and not acknowledged: the one that holds back the ack floor. */
async function acknowledgeOne(place: MadeStream, { nc, jsm, known, step }: AlterTask): Promise<string | undefined> {
  const { stream, content } = place;
  const { durable } = content.consumer ?? {};
  if (durable === undefined) return undefined;
  const { signal } = step;
  const info = await untilAborted(jsm.consumers.info(stream, durable), signal);
  if (info.num_ack_pending === 0) return undefined;
  const { consumer_seq: floor, stream_seq: after } = info.ack_floor;
  const request = JSON.stringify({ seq: after + 1, next_by_subj: '>' });
  const options = { timeout: WRITE_BUDGET_MS };
  const answer = await untilAborted(nc.request(`$JS.API.STREAM.MSG.GET.${stream}`, request, options), signal);
  const { seq } = stored.parse(answer.json()).message;
  // A work queue removes what is acknowledged.
  if (known.some((each) => each.place === place && each.sequence === seq)) return undefined;
  const subject = `$JS.ACK.${stream}.${durable}.1.${seq}.${floor + 1}.0.0`;
  await untilAborted(nc.request(subject, '+ACK', options), signal);
  const look = async () => {
    const now = await jsm.consumers.info(stream, durable);
    return now.ack_floor.consumer_seq > floor ? arrived(undefined) : notYet(`ack floor ${now.ack_floor.consumer_seq}`);
  };
  const awaited = `consumer ${durable} of ${place.label} to count the acknowledgement of message ${seq}`;
  await outlastElection({ for: awaited, budgetMs: CONSUMER_BUDGET_MS, look }, step);
  return `message ${seq} acknowledged by consumer ${durable}`;
}

/** One that no consumer has been given yet: what a consumer has to do with a deleted message differs from server to server. */
async function deleteMessage(place: MadeStream, { jsm, known, step }: AlterTask): Promise<string | undefined> {
  const { stream, content } = place;
  if (content.retention !== 'limits') return undefined;
  const { durable } = content.consumer ?? {};
  const last = known.find((each) => each.place === place)?.sequence ?? 0;
  const sequence = last - 1;
  const delivered =
    durable === undefined
      ? 0
      : (await untilAborted(jsm.consumers.info(stream, durable), step.signal)).delivered.stream_seq;
  if (sequence <= delivered) return undefined;
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
  // The probe reads the description of the last object.
  const hasSpares = place.content.objects > 2;
  return [
    async () => {
      await put(ADDED, ADDED_BYTES);
      return `object ${ADDED} added`;
    },
    async () => {
      const name = 'documents/1.bin';
      const info = hasSpares ? await untilAborted((await open()).info(name), signal) : null;
      if (info === null || info.size === 0) return undefined;
      await put(name, info.size);
      return `object ${name} overwritten with other ${info.size} bytes`;
    },
    async () => {
      const name = 'documents/0.bin';
      if (!hasSpares) return undefined;
      await untilAborted((await open()).delete(name), signal);
      return `object ${name} deleted`;
    },
  ];
}
