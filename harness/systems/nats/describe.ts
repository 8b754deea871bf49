import type { ConsumerInfo, StreamConfig } from '@nats-io/jetstream';
import { z } from 'zod';
import { DRILL_MARK, SESSION_MARK } from './names.ts';

/** Fields by name, sorted, every value as a reader may see it: two of them differ field by field. */
export type Fields = Readonly<Record<string, string>>;
export const fieldsSchema = z.record(z.string(), z.string());

/** The server keeps notes of its own in the metadata: its version, its API level, and the level that the configuration needs. */
const NOTES_OF_THE_SERVER = 'metadata._nats.';
/** By its names a drill finds its streams again; a restore from a configuration of the platform's own does not bring them back. */
const MARKS_OF_THE_HARNESS: readonly string[] = [SESSION_MARK, DRILL_MARK].map((mark) => `metadata.${mark}`);

export function describeStream(config: StreamConfig): Fields {
  return sorted(flatten(config, ''));
}

/** What a consumer is and how far it has come. What moves with the clock or with markers is left out. */
export function describeConsumer(info: ConsumerInfo): Fields {
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
