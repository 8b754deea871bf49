import { hash } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import { type AssetProbe, IndeterminateWriteError } from '../../model/asset.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { type Connection, publishAcknowledged } from './connection.ts';
import { type Place, probeSubject } from './names.ts';

const WRITE_BUDGET_MS = 2_000;

/** A seeded message that must be there, and its content. */
export interface Known {
  readonly place: Place;
  readonly sequence: number;
  readonly subject: string;
  readonly payloadDigest: string;
}

/** The last message that seeding left in each place. */
export async function knownMessages(
  places: readonly Place[],
  jsm: JetStreamManager,
  signal: AbortSignal,
): Promise<Known[]> {
  return await Promise.all(
    places.map(async (place) => {
      const { state } = await untilAborted(jsm.streams.info(place.stream), signal);
      const message = await untilAborted(jsm.streams.getMessage(place.stream, { seq: state.last_seq }), signal);
      if (message === null) throw new Error(`${place.label}: message ${state.last_seq} is not there after seeding`);
      return {
        place,
        sequence: state.last_seq,
        subject: message.subject,
        payloadDigest: hash('sha256', message.data, 'hex'),
      };
    }),
  );
}

/** Reads a seeded message of every place and writes to every place, over a connection of its own. */
export class JetStreamProbe implements AssetProbe {
  readonly reads =
    'a message that was there before in every stream, key-value bucket and object store, and its content';
  readonly writes = 'a message to every stream and a value to every key-value bucket, each acknowledged';
  readonly #places: readonly Place[];
  readonly #connection: Connection;
  #known: readonly Known[] = [];
  #writes = 0;

  constructor(places: readonly Place[], connection: Connection) {
    this.#places = places;
    this.#connection = connection;
  }

  get expected(): readonly Known[] {
    return this.#known;
  }

  expect(known: readonly Known[]): void {
    this.#known = known;
  }

  async read(signal: AbortSignal): Promise<void> {
    if (this.#known.length === 0) throw new Error('nothing was seeded yet, so there is nothing to read');
    await this.#attempt(async () => {
      const { jsm } = await this.#connection.use(signal);
      await Promise.all(this.#known.map((known) => readKnown(jsm, known, signal)));
    }, signal);
  }

  async write(signal: AbortSignal): Promise<void> {
    await this.#attempt(async () => {
      const { nc } = await this.#connection.use(signal);
      this.#writes += 1;
      const body = `probe ${this.#writes}`;
      await Promise.all(
        this.#places.map(async (place) => {
          const subject = probeSubject(place);
          if (subject !== undefined) {
            await publishAcknowledged(nc, { subject, body, timeoutMs: WRITE_BUDGET_MS }, signal);
          }
        }),
      );
    }, signal);
  }

  /** An answer that did not come may mean a connection to a server that is gone: the next attempt gets a new one. */
  async #attempt(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted || error instanceof IndeterminateWriteError) await this.#connection.drop();
      throw error;
    }
  }
}

async function readKnown(jsm: JetStreamManager, known: Known, signal: AbortSignal): Promise<void> {
  const { place, sequence, subject, payloadDigest } = known;
  const message = await untilAborted(jsm.streams.getMessage(place.stream, { seq: sequence }), signal);
  if (message === null) throw new Error(`${place.label}: message ${sequence} is not there`);
  if (message.subject !== subject || hash('sha256', message.data, 'hex') !== payloadDigest) {
    throw new Error(`${place.label}: message ${sequence} is not the one that was seeded`);
  }
}
