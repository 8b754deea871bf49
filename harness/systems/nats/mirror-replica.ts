import type { StreamInfo } from '@nats-io/jetstream';
import type { Replica, ReplicaSight } from '../../model/asset.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { type Connection, isStreamNotFound } from './connection.ts';
import type { Place } from './names.ts';

/** The position of each acknowledged marker in its stream. */
export class MarkerPositions {
  readonly #byPlace = new Map<string, { readonly marker: number; readonly position: number }[]>();

  note(place: Place, marker: number, position: number): void {
    const known = this.#byPlace.get(place.stream) ?? [];
    known.push({ marker, position });
    this.#byPlace.set(place.stream, known);
  }

  last(place: Place): number {
    return this.#byPlace.get(place.stream)?.at(-1)?.position ?? 0;
  }

  /** Returns the number of acknowledged markers, as a start for {@link firstStepBack}. */
  count(place: Place): number {
    return this.#byPlace.get(place.stream)?.length ?? 0;
  }

  heldThrough(place: Place, position: number): number {
    return this.#byPlace.get(place.stream)?.findLast((each) => each.position <= position)?.marker ?? 0;
  }

  /** Returns the first position, from the `from`-th marker on, that is not greater than its predecessor. */
  firstStepBack(place: Place, from: number): number | undefined {
    const after = (this.#byPlace.get(place.stream) ?? []).slice(from);
    return after.find((each, index) => index > 0 && each.position <= (after[index - 1]?.position ?? 0))?.position;
  }
}

/** The mirrors in the standby region, read directly. */
export class MirrorReplica implements Replica {
  readonly description: string;
  readonly #places: readonly Place[];
  readonly #positions: MarkerPositions;
  readonly #primary: Connection;
  readonly #standby: Connection;
  readonly #lastSeen = new Map<string, number>();

  constructor(
    description: string,
    places: readonly Place[],
    positions: MarkerPositions,
    connections: { readonly primary: Connection; readonly standby: Connection },
  ) {
    this.description = description;
    this.#places = places;
    this.#positions = positions;
    this.#primary = connections.primary;
    this.#standby = connections.standby;
  }

  async look(signal: AbortSignal): Promise<readonly ReplicaSight[]> {
    return await Promise.all(this.#places.map((place) => this.#lookAt(place, signal)));
  }

  /** Reads the mirror before the original: a write in between makes the distance larger, never smaller. */
  async #lookAt(place: Place, signal: AbortSignal): Promise<ReplicaSight> {
    const mirror = await infoOf(place, this.#standby, signal);
    const replica = mirror?.state.last_seq ?? 0;
    return {
      lane: place.label,
      place: `${place.label} in ${this.description}`,
      position: { asset: await this.#lastOf(place, signal), replica },
      heldThrough: this.#positions.heldThrough(place, replica),
      items: mirror?.state.messages ?? 0,
      sizeBytes: mirror?.state.bytes ?? 0,
    };
  }

  /** Returns the last sequence. If the primary region does not answer, its last answer or acknowledgement counts. */
  async #lastOf(place: Place, signal: AbortSignal): Promise<number> {
    const known = Math.max(this.#lastSeen.get(place.stream) ?? 0, this.#positions.last(place));
    let last: number;
    try {
      last = (await infoOf(place, this.#primary, signal))?.state.last_seq ?? 0;
    } catch {
      signal.throwIfAborted();
      last = 0;
    }
    this.#lastSeen.set(place.stream, Math.max(known, last));
    return Math.max(known, last);
  }
}

/** Returns a server's information on a stream; undefined if the server has no such stream. */
export async function infoOf(
  { stream }: Place,
  connection: Connection,
  signal: AbortSignal,
): Promise<StreamInfo | undefined> {
  const { jsm } = await connection.use(signal);
  try {
    return await untilAborted(jsm.streams.info(stream), signal);
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
}
