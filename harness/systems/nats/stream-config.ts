import { z } from 'zod';
import { formatDuration, formatSize } from '../../model/units.ts';

/**
 * A part of the server's own configuration, passed unchanged: its field names, durations in nanoseconds, sizes in bytes. The server
 * refuses unknown fields.
 */
export const serverConfig = z.record(z.string(), z.json());
export type ServerConfig = z.output<typeof serverConfig>;

/** Additional limits for the drill's own markers and probe writes. */
const ROOM = { messages: 100_000, bytes: 64 * 2 ** 20 } as const;
const MINUTE_NS = 60_000_000_000;
/** Seeded messages must not expire before the drill has compared them. */
const SHORTEST_AGE_NS = 60 * MINUTE_NS;

const OWN_OPTION: Readonly<Record<string, string>> = {
  name: 'name',
  subjects: 'subjects',
  retention: 'retention',
  storage: 'storage',
  num_replicas: '`replicas` of the asset',
  first_seq: 'firstSequence',
};

/** Configurations in which a drill cannot write and find its markers, by field. */
const CANNOT_HOLD_MARKERS: Readonly<Record<string, string>> = {
  mirror: 'a mirror takes no messages of its own. Protect the pair with mirroredStreams(…)',
  sources:
    'a stream with sources also copies messages of another stream, which the drill does not seed. State only the source stream',
  sealed: 'a sealed stream takes no messages',
  discard_new_per_subject: 'the stream refuses the second message on a subject, such as the second write of the probe',
  allow_msg_counter: 'a counter takes only increments',
  template_owner: 'the server itself no longer takes it',
};

/** Returns a sentence on the part of a stream's configuration that a drill does not support; undefined if it supports all of it. */
export function problemOf(
  config: ServerConfig,
  { messages, largestBytes }: { readonly messages: number; readonly largestBytes: number },
): string | undefined {
  for (const [field, option] of Object.entries(OWN_OPTION)) {
    if (field in config) return `config.${field} has an option of its own: ${option}`;
  }
  for (const [field, why] of Object.entries(CANNOT_HOLD_MARKERS)) {
    const value = config[field];
    if (value !== undefined && value !== null && value !== false) return `config.${field}: ${why}`;
  }
  const maxAge = numberIn(config, 'max_age');
  if (maxAge !== undefined && maxAge < SHORTEST_AGE_NS) {
    return `config.max_age of ${formatDuration(maxAge / 1e6)} (nanoseconds): messages would expire while the drill runs. Set an hour or more`;
  }
  const maxSize = numberIn(config, 'max_msg_size');
  if (maxSize !== undefined && maxSize < largestBytes) {
    return `config.max_msg_size of ${formatSize(maxSize)}: the largest message of the drill has ${formatSize(largestBytes)}. Make payload smaller`;
  }
  const maxMessages = numberIn(config, 'max_msgs');
  if (config['discard'] === 'new' && maxMessages !== undefined && maxMessages < messages) {
    return `config.max_msgs of ${maxMessages} with discard "new": the stream would refuse some of the ${messages} messages`;
  }
  return undefined;
}

/** Returns a positive limit; -1 and 0 mean "no limit" to the server. */
function numberIn(config: ServerConfig, field: string): number | undefined {
  const value = config[field];
  return typeof value === 'number' && value > 0 ? value : undefined;
}

/**
 * Returns the configuration for this drill: subjects with the drill's prefix, and limits with room for markers and probe
 * writes, which must not displace seeded messages.
 */
export function configFor(config: ServerConfig, drillId: string): ServerConfig {
  const made: Record<string, z.output<typeof serverConfig>[string]> = { ...config };
  const maxMessages = numberIn(config, 'max_msgs');
  if (maxMessages !== undefined) made['max_msgs'] = maxMessages + ROOM.messages;
  const maxBytes = numberIn(config, 'max_bytes');
  if (maxBytes !== undefined) made['max_bytes'] = maxBytes + ROOM.bytes;
  for (const field of ['subject_transform', 'republish']) {
    const value = transform.safeParse(config[field]);
    if (!value.success) continue;
    const { src, dest, ...rest } = value.data;
    made[field] = { ...rest, ...(src === undefined ? {} : { src: `${drillId}.${src}` }), dest: `${drillId}.${dest}` };
  }
  return made;
}

const transform = z.looseObject({ src: z.string().optional(), dest: z.string() }).catchall(z.json());

/** Returns the same for a consumer: changes every field that holds a subject. */
export function consumerConfigFor(config: ServerConfig, drillId: string): ServerConfig {
  const prefixed = (value: z.output<typeof serverConfig>[string]) =>
    typeof value === 'string'
      ? `${drillId}.${value}`
      : Array.isArray(value)
        ? value.map((each) => `${drillId}.${each}`)
        : value;
  return Object.fromEntries(
    Object.entries(config).map(([field, value]) => [field, SUBJECTS.has(field) ? prefixed(value) : value]),
  );
}

const SUBJECTS = new Set(['filter_subject', 'filter_subjects', 'deliver_subject']);

/** Returns the drill's changes, for the record; undefined if there are none. */
export function changedLimits(config: ServerConfig): string | undefined {
  const raised = ['max_msgs', 'max_bytes'].filter((field) => numberIn(config, field) !== undefined);
  return raised.length === 0 ? undefined : `${raised.join(' and ')} raised for the markers of the drill`;
}

/** Returns a concrete subject: a wildcard becomes a token. */
export function concrete(subject: string, index: number): string {
  return subject
    .split('.')
    .map((token) => (token === '*' ? `any${index % 3}` : token === '>' ? `any${index % 3}.more` : token))
    .join('.');
}

/** Returns two overlapping subjects, which the server refuses in one stream and across streams; undefined if there are none. */
export function overlapIn(subjects: readonly string[]): readonly [string, string] | undefined {
  for (const [index, one] of subjects.entries()) {
    const other = subjects.slice(index + 1).find((each) => overlaps(one.split('.'), each.split('.')));
    if (other !== undefined) return [one, other];
  }
  return undefined;
}

function overlaps([one, ...ones]: readonly string[], [other, ...others]: readonly string[]): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one === '>' || other === '>') return true;
  return (one === other || one === '*' || other === '*') && overlaps(ones, others);
}
