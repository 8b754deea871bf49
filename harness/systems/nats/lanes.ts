import type { Clock } from '../../clock/clock.ts';
import type { MarkerLane, ObservedMarker } from '../../model/asset.ts';
import { type Connection, isStreamNotFound, publishAcknowledged } from './connection.ts';
import { markerNumber, markerSubject, type Place } from './names.ts';
import { readStream } from './reader.ts';

const WRITE_BUDGET_MS = 5_000;

/** A lane for every stream and every key-value bucket: each has its own order, and each is lost by itself. */
export function lanesOf(
  places: readonly Place[],
  connection: Connection,
  clock: Clock,
  onAcknowledged: OnAcknowledged = () => undefined,
): MarkerLane[] {
  return places.flatMap((place) => {
    const subjects = markerSubject(place, '*');
    return subjects === undefined ? [] : [new Lane(place, subjects, connection, clock, onAcknowledged)];
  });
}

/** Told the stream's own sequence of each marker that it acknowledged. */
export type OnAcknowledged = (place: Place, marker: number, streamSequence: number) => void;

class Lane implements MarkerLane {
  readonly name: string;
  readonly #place: Place;
  readonly #subjects: string;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onAcknowledged: OnAcknowledged;

  constructor(place: Place, subjects: string, connection: Connection, clock: Clock, onAcknowledged: OnAcknowledged) {
    this.name = place.label;
    this.#place = place;
    this.#subjects = subjects;
    this.#connection = connection;
    this.#clock = clock;
    this.#onAcknowledged = onAcknowledged;
  }

  async write(sequence: number, body: string, signal: AbortSignal): Promise<void> {
    const { nc } = await this.#connection.use(signal);
    const subject = this.#subjects.replace('*', String(sequence));
    const stored = await publishAcknowledged(nc, { subject, body, timeoutMs: WRITE_BUDGET_MS }, signal);
    this.#onAcknowledged(this.#place, sequence, stored);
  }

  async *read(signal: AbortSignal): AsyncGenerator<ObservedMarker> {
    const { nc } = await this.#connection.use(signal);
    // As many as the harness wrote in one drill, whatever the size of the asset.
    const found: ObservedMarker[] = [];
    try {
      await readStream(
        nc,
        this.#place.stream,
        ({ subject, payload }) => {
          found.push({ sequence: markerNumber(subject), body: Buffer.from(payload).toString('utf8') });
        },
        { clock: this.#clock, signal },
        this.#subjects,
      );
    } catch (error) {
      // A stream that was not restored holds no markers: they are lost, and the engine says so.
      if (!isStreamNotFound(error)) throw error;
    }
    yield* found;
  }
}
