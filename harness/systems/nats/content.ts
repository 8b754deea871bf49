import { createCipheriv, createHash } from 'node:crypto';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { MadeBucket, MadeObjectStore, MadeStream } from './names.ts';
import { concrete } from './stream-config.ts';

const POOL_BYTES = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

export interface SeedMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** A source of bytes and numbers. The same text gives the same values on every machine, so seeded content is reproducible. */
export class SeedSource {
  readonly #pool: Buffer;

  constructor(text: string) {
    const key = createHash('sha256').update(text).digest();
    this.#pool = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(POOL_BYTES));
  }

  /** Returns an integer from 0 to below `limit`, fixed for each `index`. */
  number(index: number, limit: number): number {
    return this.#pool.readUInt32LE((index * 4) % (POOL_BYTES - 4)) % limit;
  }

  /** Returns an ASCII text followed by bytes, in one allocation, because seeding makes millions of them. */
  after(text: string, index: number, length: number): Buffer {
    const bytes = this.bytes(index, length);
    const joined = Buffer.allocUnsafe(text.length + bytes.length);
    joined.write(text, 'latin1');
    joined.set(bytes, text.length);
    return joined;
  }

  /** Returns this many bytes. If the pool is smaller, it combines parts of the pool. */
  bytes(index: number, length: number): Buffer {
    if (length <= POOL_BYTES) {
      const offset = this.number(index, POOL_BYTES - length + 1);
      return this.#pool.subarray(offset, offset + length);
    }
    const joined = Buffer.allocUnsafe(length);
    for (let at = 0, part = index; at < length; part += 1) {
      const bytes = this.bytes(part, Math.min(POOL_BYTES / 2, length - at));
      joined.set(bytes, at);
      at += bytes.length;
    }
    return joined;
  }
}

/** Yields messages. Every tenth payload is empty; the others vary up to twice the mean and begin with their own number. */
export function* streamMessages(made: MadeStream, count: number, source: SeedSource): Generator<SeedMessage> {
  const { content, subjects } = made;
  for (let index = 0; index < count; index += 1) {
    // A wildcard gets a new token in every round over the subjects.
    const subject = concrete(subjects[index % subjects.length] ?? '', Math.floor(index / subjects.length));
    const size = index % 10 === 9 ? 0 : source.number(index, content.payload * 2);
    const payload = size === 0 ? EMPTY : source.after(`{"order":${index},"body":`, index + 7, size);
    yield { subject, payload, headers: content.headers && index % 2 === 0 ? messageHeaders(index) : undefined };
  }
}

function messageHeaders(index: number): MsgHdrs {
  const made = headers();
  made.set('Order-Id', `order-${index}`);
  made.append('Tag', `region-${index % 3}`);
  made.append('Tag', 'priority');
  if (index % 4 === 0) made.set('Empty', '');
  return made;
}

/** Yields revisions of each key, oldest first: puts, some deletes, and some purges with a put after them. */
export function* bucketRevisions(made: MadeBucket, keys: number, source: SeedSource): Generator<SeedMessage> {
  const { content, bucket } = made;
  for (let revision = 0; revision < content.history; revision += 1) {
    for (let key = 0; key < keys; key += 1) {
      const index = revision * keys + key;
      const subject = `$KV.${bucket}.${keyName(key)}`;
      // The first key stays a plain value for the probe.
      const operation = key === 0 || revision === 0 ? 'PUT' : operationOf(source.number(index, 20));
      yield {
        subject,
        payload: operation === 'PUT' ? source.after(`${key}.${revision}:`, index, 48) : EMPTY,
        headers: operation === 'PUT' ? undefined : operationHeaders(operation),
      };
    }
  }
}

export const keyName = (key: number) => `service-${key % 7}.setting-${key}`;
const operationOf = (number: number) => (number === 0 ? 'PURGE' : number <= 2 ? 'DEL' : 'PUT');

function operationHeaders(operation: 'DEL' | 'PURGE'): MsgHdrs {
  const made = headers();
  made.set('KV-Operation', operation);
  if (operation === 'PURGE') made.set('Nats-Rollup', 'sub');
  return made;
}

export const objectName = (index: number): string => `documents/${index}.bin`;

export interface SeedObject {
  readonly name: string;
  readonly sizeBytes: number;
  chunks(): Generator<Uint8Array>;
}

/** Yields objects. The first is empty, the last has the declared largest size, the others are in between. */
export function* storeObjects(made: MadeObjectStore, count: number, source: SeedSource): Generator<SeedObject> {
  for (let index = 0; index < count; index += 1) {
    const share = count === 1 ? 1 : index / (count - 1);
    const sizeBytes = Math.round(made.content.largest * share ** 2);
    yield {
      name: objectName(index),
      sizeBytes,
      *chunks() {
        for (let sent = 0, piece = 0; sent < sizeBytes; piece += 1) {
          const chunk = source.bytes(index * 1_000 + piece, Math.min(100_000, sizeBytes - sent));
          sent += chunk.length;
          yield chunk;
        }
      },
    };
  }
}
