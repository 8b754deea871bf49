import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../clock/clock.ts';
import type { Fingerprint, MarkerLane, ObservedMarker } from '../../model/asset.ts';
import type { Comparison, Difference } from '../../model/record.ts';
import { type Connection, isStreamNotFound, publishAcknowledged } from './connection.ts';
import { markerNumber, markerSubject, type Place } from './names.ts';
import { type ReadStep, readStream } from './reader.ts';

const WRITE_BUDGET_MS = 5_000;

/** Returns a lane for every stream and every key-value bucket: each has its own order and its own losses. */
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

/** Called with the stream's own sequence of each acknowledged marker. */
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
    // Grows with the markers of one drill, not with the size of the asset.
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
      // A stream that was not restored holds no markers: they are lost, and the engine reports it.
      if (!isStreamNotFound(error)) throw error;
    }
    yield* found;
  }
}

const KIND = 'stream positions';

/**
 * The sequence at which each stream acknowledged each marker. A restore that brings the messages back but restarts the sequence stalls
 * every consumer and reader that remembers a sequence. In a stream without messages, such as an empty work queue, only this shows it.
 */
export class Positions {
  readonly #places: readonly Place[];
  readonly #acknowledged = new Map<Place['stream'], Map<number, number>>();

  constructor(places: readonly Place[]) {
    this.#places = places.filter((place) => markerSubject(place, '*') !== undefined);
  }

  note({ stream }: Place, marker: number, sequence: number): void {
    const known = this.#acknowledged.get(stream) ?? new Map<number, number>();
    known.set(marker, sequence);
    this.#acknowledged.set(stream, known);
  }

  announcedIn(fingerprint: Fingerprint): Fingerprint {
    const items = this.#places.length;
    if (items === 0) return fingerprint;
    return { ...fingerprint, items: fingerprint.items + items, kinds: [...fingerprint.kinds, { kind: KIND, items }] };
  }

  async addedTo(comparison: Comparison, nc: NatsConnection, step: ReadStep): Promise<Comparison> {
    const counts = {
      kind: KIND,
      expected: this.#places.length,
      restored: 0,
      matched: 0,
      missing: 0,
      extra: 0,
      differing: 0,
    };
    if (counts.expected === 0) return comparison;
    const differences: Difference[] = [];
    for (const place of this.#places) {
      const found = await this.#look(place, nc, step);
      if (found !== 'missing') counts.restored += 1;
      if (found === 'matched' || found === 'missing') counts[found] += 1;
      else {
        counts.differing += 1;
        differences.push(found);
      }
    }
    return {
      ...comparison,
      items: [...comparison.items, counts],
      firstDifferences: [...comparison.firstDifferences, ...differences],
    };
  }

  async #look(place: Place, nc: NatsConnection, step: ReadStep): Promise<'matched' | 'missing' | Difference> {
    const known = this.#acknowledged.get(place.stream) ?? new Map<number, number>();
    let came = 0;
    let first: Difference | undefined;
    try {
      await readStream(
        nc,
        place.stream,
        ({ subject, sequence }) => {
          const marker = markerNumber(subject);
          const expected = known.get(marker);
          if (expected === undefined) return;
          came += 1;
          if (expected === sequence) return;
          const field = `sequence of marker ${marker}`;
          first ??= { item: place.label, field, expected: String(expected), observed: String(sequence) };
        },
        step,
        markerSubject(place, '*'),
      );
    } catch (error) {
      if (!isStreamNotFound(error)) throw error;
      return 'missing';
    }
    if (first !== undefined) return first;
    return came === 0 && known.size > 0 ? 'missing' : 'matched';
  }
}
