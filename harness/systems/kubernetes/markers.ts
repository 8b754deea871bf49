import { z } from 'zod';
import { isStatus, type KubernetesApi, KubernetesApiError, NoAnswerError } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import type { MarkerLane, ObservedMarker } from '../../model/asset.ts';
import { IndeterminateWriteError } from '../../model/errors.ts';
import type { MarkerPlace } from './marker-place.ts';
import { markersIn, type Register, registerIn, textOf, withMarker } from './marker-register.ts';
import { LANE } from './names.ts';

const MOST_ATTEMPTS = 5;
const versioned = z.looseObject({ resourceVersion: z.string() });

/** The content of the object with its version; undefined while there is no object. */
interface Held {
  readonly version: string;
  readonly register: Register | undefined;
}

/**
 * Markers of a namespace: each one overwrites a single object, so they need no quota and no further objects. Each write names the version
 * that it replaces. A write with an unknown outcome can then not arrive after the next one and undo it.
 */
export class NamespaceMarkers implements MarkerLane {
  readonly name = LANE;
  /** Each marker is a write to the database that the whole cluster shares. */
  readonly intervalMs = 100;
  readonly #api: KubernetesApi;
  readonly #namespace: () => string;
  readonly #bodies = new Map<number, string>();
  #last = 0;
  #place: MarkerPlace | undefined;
  #held: Held | undefined;

  constructor(api: KubernetesApi, namespace: () => string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** The place of the markers. It is known after seeding. */
  keepIn(place: MarkerPlace): void {
    this.#place = place;
  }

  async write(sequence: number, body: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#replace(sequence, body, signal);
    } catch (error) {
      this.#held = undefined;
      if (!mayHaveBeenWritten(error)) throw error;
      throw new IndeterminateWriteError(`marker ${sequence} may or may not have been written`, { cause: error });
    }
  }

  async *read(signal: AbortSignal): AsyncGenerator<ObservedMarker> {
    const place = this.#known();
    const object = await this.#api.findObject(place.path(this.#namespace()), signal);
    const text = object === undefined ? undefined : place.textIn(object);
    if (text === undefined) return;
    const register = registerIn(text);
    if (register === undefined) yield { sequence: this.#last, body: text };
    else yield* markersIn(register, this.#bodies);
  }

  async #replace(sequence: number, body: string, signal: AbortSignal): Promise<void> {
    const place = this.#known();
    const path = place.path(this.#namespace());
    for (let attempt = 1; ; attempt += 1) {
      this.#held ??= await this.#look(place, path, signal);
      if (this.#held?.register !== undefined && holds(this.#held.register, sequence)) {
        throw new Error(`marker ${sequence} already exists`);
      }
      this.#bodies.set(sequence, body);
      this.#last = sequence;
      const register = withMarker(this.#held?.register, sequence, body);
      try {
        const written = await this.#send(place, path, textOf(register), signal);
        this.#held = { version: versionOf(written), register };
        return;
      } catch (error) {
        // Another writer has changed or created the object in the meantime.
        if (!isStatus(error, 409) || attempt === MOST_ATTEMPTS) throw error;
        this.#held = undefined;
      }
    }
  }

  async #send(place: MarkerPlace, path: string, text: string, signal: AbortSignal): Promise<KubernetesObject> {
    if (this.#held === undefined && place.create !== undefined) {
      const made = place.create(this.#namespace(), text);
      return await this.#api.create(made.path, made.object, signal);
    }
    const patch = place.patch(text);
    const metadata = { ...patch.metadata, resourceVersion: this.#held?.version };
    return await this.#api.patch(path, { ...patch, metadata }, signal);
  }

  async #look(place: MarkerPlace, path: string, signal: AbortSignal): Promise<Held | undefined> {
    const object = await this.#api.findObject(path, signal);
    if (object === undefined) return undefined;
    const text = place.textIn(object);
    return { version: versionOf(object), register: text === undefined ? undefined : registerIn(text) };
  }

  #known(): MarkerPlace {
    if (this.#place === undefined) throw new Error('no object was seeded yet, so markers have no place');
    return this.#place;
  }
}

const versionOf = ({ metadata }: KubernetesObject): string => versioned.parse(metadata).resourceVersion;

/** Returns whether the write may be stored: no answer after sending, or an internal failure (etcd time-out, server shutting down). */
function mayHaveBeenWritten(error: unknown): boolean {
  if (error instanceof NoAnswerError) return !error.neverSent;
  return error instanceof KubernetesApiError && error.status >= 500;
}

const holds = ({ written }: Register, sequence: number): boolean =>
  written.some(([from, to]) => from <= sequence && sequence <= to);
