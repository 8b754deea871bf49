import { createHash, type Hash, hash } from 'node:crypto';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { LineWriter } from '../../asset-kit/record-file.ts';
import type { Fingerprint } from '../../model/asset.ts';
import { streamInfoFromLeader } from './cluster-settling.ts';
import { isStreamNotFound } from './connection.ts';
import { durablesOf } from './consumers.ts';
import { describeConsumer, describeStream, type Fields } from './describe.ts';
import { isHarnessWrite, type Place } from './names.ts';
import { type ReadStep, readStream } from './reader.ts';
import type { StoredMessage } from './wire.ts';

/** What stands for a header block or a payload that is not there. */
export const NOTHING = '-';

/**
 * Writes one line for everything that the places hold, in their order, and never holds more than one message.
 * A place that is not there leaves its heading and the word `absent`.
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
 * Reads one stream, consuming nothing, and writes a line for each message but markers and probe writes:
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

/** A link to another object has no chunks, and so no id of them. */
const objectDescription = z.object({ name: z.string(), nuid: z.string().optional(), deleted: z.boolean().optional() });

/** Puts the chunks of objects together as they pass by, keeping a running digest of each object that is not complete yet. */
class ObjectContents {
  readonly #chunkPrefix: string;
  readonly #open = new Map<string, Hash>();

  constructor(bucket: string) {
    this.#chunkPrefix = `$O.${bucket}.C.`;
  }

  /** The digest of the content when the message describes a complete object. */
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
