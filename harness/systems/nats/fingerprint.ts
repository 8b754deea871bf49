import { createHash, type Hash, hash } from 'node:crypto';
import { type ConsumerInfo, type JetStreamManager, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { LineWriter } from '../../asset-kit/record-file.ts';
import type { Fingerprint } from '../../model/asset.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { retryDuringElection, streamInfoFromLeader } from './cluster-settling.ts';
import { isStreamNotFound } from './connection.ts';
import { DRILL_MARK, isHarnessWrite, type Place, SESSION_MARK } from './names.ts';
import type { StoredMessage } from './read-message.ts';
import { type ReadStep, readStream } from './reader.ts';

/** The sign for a missing header block or payload. */
export const NOTHING = '-';

/**
 * Writes one line for each item of the places, in their order, with at most one message in memory.
 * For a missing place it writes its heading and the word `absent`.
 */
export async function fingerprintPlaces(
  nc: NatsConnection,
  places: readonly Place[],
  path: string,
  step: ReadStep,
): Promise<Fingerprint> {
  using sink = new LineWriter(path);
  const kinds = new Map<string, number>();
  const count = (kind: string, more: number) => {
    if (more > 0) kinds.set(kind, (kinds.get(kind) ?? 0) + more);
  };
  let bytes = 0;
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: 10_000 });
  for (const place of places) {
    sink.write(`place\t${place.stream}`);
    const config = await configOf(jsm, place.stream, step);
    if (config === undefined) {
      sink.write('absent');
      continue;
    }
    sink.write(`config\t${JSON.stringify(config)}`);
    const consumers = await durablesOf(nc, jsm, place.stream, step);
    for (const info of consumers) sink.write(`consumer\t${info.name}\t${JSON.stringify(describeConsumer(info))}`);
    const content = await fingerprintStream(nc, place, sink, step);
    count('stream configurations', 1);
    count('consumers', consumers.length);
    if (place.kind === 'stream') count('messages', content.items);
    if (place.kind === 'key-value') count('key-value revisions', content.items);
    if (place.kind === 'object-store') {
      count('objects', content.descriptions);
      count('object chunks', content.items - content.descriptions);
    }
    bytes += content.bytes;
  }
  const items = [...kinds.values()].reduce((sum, each) => sum + each, 0);
  return {
    path,
    items,
    bytes,
    digest: sink.finish(),
    kinds: [...kinds].map(([kind, each]) => ({ kind, items: each })),
  };
}

async function configOf(jsm: JetStreamManager, stream: string, step: ReadStep): Promise<Fields | undefined> {
  try {
    return describeStream((await streamInfoFromLeader(jsm, stream, step)).config);
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Reads one stream without consuming messages, and writes a line for each message except markers and probe writes:
 * sequence, time in ns, subject, sha256 of the header block, sha256 of the payload, payload size in bytes, and for the
 * description of an object the sha256 of its content.
 */
async function fingerprintStream(
  nc: NatsConnection,
  place: Place,
  sink: LineWriter,
  step: ReadStep,
): Promise<{ readonly items: number; readonly descriptions: number; readonly bytes: number }> {
  const skip = isHarnessWrite(place);
  const contents = place.kind === 'object-store' ? new ObjectContents(place.bucket) : undefined;
  let items = 0;
  let descriptions = 0;
  let bytes = 0;
  await readStream(
    nc,
    place.stream,
    (message) => {
      if (skip(message.subject)) return;
      const line = lineOf(message);
      const content = contents?.see(message);
      if (content !== undefined) descriptions += 1;
      sink.write(content === undefined ? line : `${line}\t${content}`);
      items += 1;
      bytes += message.payload.length + (message.headerBlock?.length ?? 0);
    },
    step,
  );
  return { items, descriptions, bytes };
}

function lineOf({ sequence, timestampNs, subject, headerBlock, payload }: StoredMessage): string {
  const headers = headerBlock === undefined ? NOTHING : hash('sha256', headerBlock, 'hex');
  const body = payload.length === 0 ? NOTHING : hash('sha256', payload, 'hex');
  return `message\t${sequence}\t${timestampNs}\t${subject}\t${headers}\t${body}\t${payload.length}`;
}

/** A link to another object has no chunks, and so no id of chunks. */
const objectDescription = z.object({ name: z.string(), nuid: z.string().optional(), deleted: z.boolean().optional() });

/** Combines the chunks of objects as they are read, with a running digest of each incomplete object. */
class ObjectContents {
  readonly #chunkPrefix: string;
  readonly #open = new Map<string, Hash>();

  constructor(bucket: string) {
    this.#chunkPrefix = `$O.${bucket}.C.`;
  }

  /** Adds a message. Returns the digest of the content if the message describes a complete object. */
  see(message: StoredMessage): string | undefined {
    if (message.subject.startsWith(this.#chunkPrefix)) {
      const nuid = message.subject.slice(this.#chunkPrefix.length);
      const running = this.#open.get(nuid) ?? createHash('sha256');
      running.update(message.payload);
      this.#open.set(nuid, running);
      return undefined;
    }
    const { nuid } = objectDescription.parse(JSON.parse(Buffer.from(message.payload).toString('utf8')));
    const complete = (nuid === undefined ? undefined : this.#open.get(nuid)) ?? createHash('sha256');
    if (nuid !== undefined) this.#open.delete(nuid);
    return complete.digest('hex');
  }
}

/** Sorted fields by name, with printable values, for a comparison field by field. */
export type Fields = Readonly<Record<string, string>>;
export const fieldsSchema = z.record(z.string(), z.string());

/** Prefix of the server's own metadata: its version, its API level, and the level that the configuration needs. */
const NOTES_OF_THE_SERVER = 'metadata._nats.';
/** Marks of the harness in the metadata. A restore from the platform's own configuration does not bring them back. */
const MARKS_OF_THE_HARNESS: readonly string[] = [SESSION_MARK, DRILL_MARK].map((mark) => `metadata.${mark}`);

function describeStream(config: StreamConfig): Fields {
  return sorted(flatten(config, ''));
}

/** Returns the configuration and progress of a consumer, without values that change with the clock or with markers. */
function describeConsumer(info: ConsumerInfo): Fields {
  return sorted({
    'ack floor': positionText(info.ack_floor),
    delivered: positionText(info.delivered),
    'delivered and unacknowledged': String(info.num_ack_pending),
    ...flatten(info.config, ''),
  });
}

function positionText(position: { readonly consumer_seq: number; readonly stream_seq: number }): string {
  return `consumer sequence ${position.consumer_seq}, stream sequence ${position.stream_seq}`;
}

function flatten(value: unknown, path: string): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const isNote = path.startsWith(NOTES_OF_THE_SERVER) || MARKS_OF_THE_HARNESS.includes(path);
    return isNote || value === undefined ? {} : { [path]: JSON.stringify(value) };
  }
  const inner = Object.entries(value).map(([key, each]) => flatten(each, path === '' ? key : `${path}.${key}`));
  return Object.assign({}, ...inner);
}

function sorted(fields: Record<string, string>): Fields {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const ANSWER_BUDGET_MS = 30_000;
const namesPage = z.object({ total: z.number().int(), consumers: z.array(z.string()).nullish() });

/**
 * Returns every durable consumer of a stream, by name. A cluster knows a consumer before it has a leader, but lists it only
 * afterwards, so this waits for it. A consumer without a durable name belongs to a read in progress.
 * @throws {WaitTimeoutError} when a consumer that the cluster knows gives no answer within 30 s.
 */
async function durablesOf(
  nc: NatsConnection,
  jsm: JetStreamManager,
  stream: string,
  { clock, signal }: ReadStep,
): Promise<ConsumerInfo[]> {
  const look = async () => {
    const listed = await Array.fromAsync(jsm.consumers.list(stream));
    const known = await namesOf(nc, stream, signal);
    const silent = known.filter((name) => !listed.some((info) => info.name === name));
    return silent.length === 0 ? arrived(listed) : notYet(`no answer from ${silent.join(', ')}`);
  };
  const all = await retryDuringElection(
    { for: `every consumer of stream ${stream} to answer`, budgetMs: ANSWER_BUDGET_MS, look },
    { clock, signal },
  );
  return all.filter(({ config }) => config.durable_name !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function namesOf(nc: NatsConnection, stream: string, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const request = JSON.stringify({ offset: names.length });
    const answer = await untilAborted(
      nc.request(`$JS.API.CONSUMER.NAMES.${stream}`, request, { timeout: 10_000 }),
      signal,
    );
    const { total, consumers } = namesPage.parse(answer.json());
    names.push(...(consumers ?? []));
    if (names.length >= total || (consumers ?? []).length === 0) return names;
  }
}
