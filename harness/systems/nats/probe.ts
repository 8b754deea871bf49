import { hash } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { AssetProbe } from '../../model/asset.ts';
import { isIndeterminateWrite } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { streamInfoFromLeader } from './cluster-settling.ts';
import { type Connection, publishAcknowledged } from './connection.ts';
import { type Place, probeSubject } from './names.ts';

const WRITE_BUDGET_MS = 2_000;

/** A seeded message that must exist, and its content. */
export interface KnownMessage {
  readonly kind: 'message';
  readonly place: Place;
  readonly sequence: number;
  readonly subject: string;
  readonly payloadDigest: string;
}

/** The last sequence of a place without messages after seeding: an empty work queue, or a stream without writes so far. */
interface KnownPosition {
  readonly kind: 'position';
  readonly place: Place;
  readonly lastSequence: number;
}

export type Known = KnownMessage | KnownPosition;

type Streams = { readonly streams: Pick<JetStreamManager['streams'], 'info' | 'getMessage'> };

/** Returns the last seeded message of each place, or its position if it has none. */
export async function knownMessages(
  places: readonly Place[],
  jsm: Streams,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<Known[]> {
  const { signal } = step;
  return await Promise.all(
    places.map(async (place) => {
      // From its leader alone: an empty copy would leave the probe nothing to read.
      const { state } = await streamInfoFromLeader(jsm, place.stream, step);
      if (state.messages === 0) return { kind: 'position', place, lastSequence: state.last_seq };
      // The last message may be gone while others remain: acknowledged in a work queue, or deleted.
      const message =
        (await messageAt(jsm, place, state.last_seq, signal)) ?? (await messageAt(jsm, place, state.first_seq, signal));
      if (message === null)
        throw new Error(
          `${place.label}: neither its first message (${state.first_seq}) nor its last one (${state.last_seq}) is there`,
        );
      return {
        kind: 'message',
        place,
        sequence: message.seq,
        subject: message.subject,
        payloadDigest: hash('sha256', message.data, 'hex'),
      };
    }),
  );
}

/** Reads a seeded message of every place and writes to every place, over its own connection. */
export class JetStreamProbe implements AssetProbe {
  readonly reads =
    'a message that was there before in every stream, key-value bucket and object store, and its content; the position of an empty one';
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

  /** Runs an attempt. After a missing answer, the server may be gone, so the next attempt gets a new connection. */
  async #attempt(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted || isIndeterminateWrite(error)) await this.#connection.drop();
      throw error;
    }
  }
}

async function messageAt(jsm: Streams, { stream }: Place, sequence: number, signal: AbortSignal) {
  return await untilAborted(jsm.streams.getMessage(stream, { seq: sequence }), signal);
}

async function readKnown(jsm: JetStreamManager, known: Known, signal: AbortSignal): Promise<void> {
  if (known.kind === 'position') return await readPosition(jsm, known, signal);
  const { place, sequence, subject, payloadDigest } = known;
  const message = await messageAt(jsm, place, sequence, signal);
  if (message === null) throw new Error(`${place.label}: message ${sequence} is not there`);
  if (message.subject !== subject || hash('sha256', message.data, 'hex') !== payloadDigest) {
    throw new Error(`${place.label}: message ${sequence} is not the one that was seeded`);
  }
}

/** Checks the position, which markers and probe writes increase. A stream that restarts at 1 would stall its consumers. */
async function readPosition(jsm: JetStreamManager, known: KnownPosition, signal: AbortSignal): Promise<void> {
  const { place, lastSequence } = known;
  const { state } = await untilAborted(jsm.streams.info(place.stream), signal);
  if (state.last_seq >= lastSequence) return;
  throw new Error(`${place.label}: its last sequence was ${lastSequence}, and is ${state.last_seq}`);
}
