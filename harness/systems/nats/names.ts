import type { Secrets } from '../../model/secrets.ts';
import type { BucketContent, JetStreamContent, ObjectStoreContent, StreamContent } from './options.ts';

/** The metadata key of the disposable mark. Its value is the session that made the stream. Only that session may destroy it. */
export const SESSION_MARK = 'dr-contracts.session';
/** The metadata key that names the drill, as a hint on left-over streams. */
export const DRILL_MARK = 'dr-contracts.drill';

const MARKER_TOKEN = 'dr-marker';
const PROBE_TOKEN = 'dr-probe';

interface Made {
  /** The JetStream stream behind it; unique to the drill. */
  readonly stream: string;
  /** For messages: the author's name and the system's. */
  readonly label: string;
}
export interface MadeStream extends Made {
  readonly kind: 'stream';
  readonly content: StreamContent;
  /** Prefix of the harness's own subjects in this stream. */
  readonly prefix: string;
  /** The author's subjects, made unique. */
  readonly subjects: readonly string[];
}
export interface MadeBucket extends Made {
  readonly kind: 'key-value';
  readonly content: BucketContent;
  readonly bucket: string;
}
export interface MadeObjectStore extends Made {
  readonly kind: 'object-store';
  readonly content: ObjectStoreContent;
  readonly bucket: string;
}
export type Place = MadeStream | MadeBucket | MadeObjectStore;

/** Returns the places of a drill, with names that no other drill can have. */
export function placesOf(content: JetStreamContent, drillId: string): readonly Place[] {
  return [
    ...content.streams.map((each): MadeStream => {
      // Begins with the author's spelling: a script may search for streams by prefix.
      const stream = `${each.name}_${drillId}`;
      return {
        kind: 'stream',
        stream,
        label: `stream ${stream}`,
        content: each,
        // Outside of the author's subjects, which may hold wildcards: two subjects of a stream must not overlap.
        prefix: `dr-${drillId}.${each.name}`,
        subjects: each.subjects.map((subject) => `${drillId}.${subject}`),
      };
    }),
    ...content.keyValue.map((each): MadeBucket => {
      const bucket = `${each.bucket}_${drillId}`;
      return { kind: 'key-value', stream: `KV_${bucket}`, label: `key-value bucket ${bucket}`, content: each, bucket };
    }),
    ...content.objectStores.map((each): MadeObjectStore => {
      const bucket = `${each.bucket}_${drillId}`;
      return { kind: 'object-store', stream: `OBJ_${bucket}`, label: `object store ${bucket}`, content: each, bucket };
    }),
  ];
}

/**
 * Declares the names of the places readable, although they may contain a secret value, such as a user name in the name of a
 * stream.
 */
export function tellNames(places: readonly Place[], secrets: Secrets): readonly Place[] {
  for (const place of places) {
    secrets.addName(place.stream);
    if (place.kind !== 'stream') secrets.addName(place.bucket);
    else for (const subject of [place.prefix, ...place.subjects]) secrets.addName(subject);
  }
  return places;
}

/** Returns the subject of markers in a place; undefined for a place without markers. */
export function markerSubject(place: Place, sequence: number | '*'): string | undefined {
  if (place.kind === 'stream') return `${place.prefix}.${MARKER_TOKEN}.${sequence}`;
  if (place.kind === 'key-value') return `$KV.${place.bucket}.${MARKER_TOKEN}.${sequence}`;
  return undefined;
}

/** Returns the marker number in such a subject. */
export const markerNumber = (subject: string): number => Number(subject.slice(subject.lastIndexOf('.') + 1));

export function probeSubject(place: Place): string | undefined {
  if (place.kind === 'stream') return `${place.prefix}.${PROBE_TOKEN}`;
  if (place.kind === 'key-value') return `$KV.${place.bucket}.${PROBE_TOKEN}`;
  return undefined;
}

/** Returns a test that distinguishes the harness's own writes (markers, probe writes) in a place from seeded content. */
export function isHarnessWrite(place: Place): (subject: string) => boolean {
  const marker = markerSubject(place, '*')?.slice(0, -1);
  const probe = probeSubject(place);
  if (marker === undefined || probe === undefined) return () => false;
  return (subject) => subject.startsWith(marker) || subject === probe;
}
