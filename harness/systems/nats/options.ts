import { z } from 'zod';
import { parsedOptions } from '../../model/options-mistake.ts';
import { formatSize, parseDurationMs, parseSizeBytes } from '../../model/units.ts';
import { overlapIn, problemOf, type ServerConfig, serverConfig } from './stream-config.ts';

/** The default of nats-server. */
const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576;
const MOST_PAYLOAD_BYTES = 64 * 1_048_576;

/** A name that the server accepts: no space, dot, wildcard, path separator or control character. The drill's id is appended. */
const name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\s.*>/\\\p{C}]+$/u, 'a name without spaces, dots, wildcards (* >), slashes and control characters');
/** Names of key-value buckets and object stores are part of subjects, where clients accept fewer characters. */
const bucketName = z.string().regex(/^[A-Za-z0-9_-]+$/, 'letters, digits, "-" and "_" only');
const subject = z
  .string()
  .regex(
    /^([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?$|^>$/,
    'a subject such as orders.created, orders.* or orders.>: tokens between dots, a wildcard as a whole token',
  );
const size = z.string().transform((text, context) => {
  try {
    return parseSizeBytes(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});
const longDuration = z.string().transform((text, context) => {
  try {
    const durationMs = parseDurationMs(text);
    if (durationMs >= SHORTEST_TTL_MS) return durationMs;
    context.addIssue({ code: 'custom', message: `${text} would end while the drill runs. Set an hour or more` });
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
  return z.NEVER;
});
const SHORTEST_TTL_MS = 3_600_000;
const count = z.number().int().positive();
const share = z.number().min(0).max(1);

const consumer = z
  .strictObject({
    durable: name,
    /**
     * Share of the messages that the consumer has acknowledged, from 0 to 1; the default is a half. A few more are delivered and not
     * acknowledged. A consumer without a puller has acknowledged none.
     */
    acknowledged: share.optional(),
    /** The server's own configuration of it, e.g. `{ filter_subject, max_deliver, priority_groups, pause_until }`. */
    config: serverConfig.default({}),
  })
  .transform(({ acknowledged, ...rest }) => ({
    ...rest,
    acknowledged: acknowledged ?? (canAcknowledge(rest.config) ? 0.5 : 0),
  }))
  .refine(({ acknowledged, config }) => acknowledged === 0 || canAcknowledge(config), {
    path: ['acknowledged'],
    message:
      'must be 0 or left out for a consumer that pushes (deliver_subject), takes no acknowledgements (ack_policy) or has priority groups',
  })
  .refine(({ config }) => !('durable_name' in config || 'name' in config), {
    path: ['config'],
    message: 'must not have a name: set it in `durable`',
  });

/** Returns whether the drill can acknowledge: it pulls and acknowledges single messages. */
const canAcknowledge = (config: ServerConfig): boolean =>
  config['deliver_subject'] === undefined &&
  config['priority_groups'] === undefined &&
  (config['ack_policy'] === undefined || config['ack_policy'] === 'explicit');

const stream = z
  .strictObject({
    name,
    subjects: z.array(subject).min(1).readonly(),
    retention: z.enum(['limits', 'workqueue']).default('limits'),
    storage: z.enum(['file', 'memory']).default('file'),
    /** Number of messages; 0 for a stream without writes so far. */
    messages: z.number().int().nonnegative(),
    /** Every second message carries headers, one of them with several values. */
    headers: z.boolean().default(false),
    /** Mean payload; payloads vary from nothing to twice as much. */
    payload: size.default(256),
    /** The sequence of the first message, for a stream without its first messages. */
    firstSequence: count.optional(),
    /** Share of the messages that were deleted one by one, which leaves gaps. The first and the last stay. */
    deleted: share.max(0.9).default(0),
    consumer: consumer.optional(),
    consumers: z.array(consumer).readonly().default([]),
    /** The server's own configuration of the stream, for all that has no option here, e.g. `{ compression: 's2', max_msgs: 100000 }`. */
    config: serverConfig.default({}),
  })
  .transform(({ consumer: only, consumers, ...rest }) => ({
    ...rest,
    consumers: [...(only === undefined ? [] : [only]), ...consumers],
  }))
  .superRefine((made, context) => {
    const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', path, message });
    const problem = problemOf(made.config, { messages: made.messages, largestBytes: largestMessageBytes(made) });
    if (problem !== undefined) refuse(problem, 'config');
    const overlapping = overlapIn(made.subjects);
    if (overlapping !== undefined) refuse(`${overlapping.join(' and ')} overlap, which the server refuses`, 'subjects');
    if (made.deleted > 0 && made.config['deny_delete'] === true)
      refuse('needs a stream without deny_delete', 'deleted');
    const durables = made.consumers.map(({ durable }) => durable);
    const twice = durables.find((each, index) => durables.indexOf(each) !== index);
    if (twice !== undefined) refuse(`consumer ${twice} is listed twice`, 'consumers');
    if (made.retention === 'workqueue' && made.consumers.length > 1 && made.consumers.some(takesAll)) {
      refuse('of a work queue each need their own filter_subject, which the server requires', 'consumers');
    }
  });

const takesAll = ({ config }: { readonly config: ServerConfig }): boolean =>
  config['filter_subject'] === undefined && config['filter_subjects'] === undefined;

const bucket = z.strictObject({
  bucket: bucketName,
  keys: count,
  /** Revisions kept of a key. */
  history: z.number().int().min(1).max(64).default(1),
  /** Time to live of a value, an hour or more; the default is unlimited. */
  ttl: longDuration.optional(),
  /** The server's own configuration of the stream behind it. */
  config: serverConfig.default({}),
});

const objectStore = z.strictObject({
  bucket: bucketName,
  /** Number of objects. The first is empty, the last one is the largest. */
  objects: count,
  largest: size.default(1_048_576),
  /** Share of the objects that were deleted; their descriptions stay. The last one is never deleted. */
  deleted: share.default(0),
  /** Links to the last object, which is the largest. */
  links: z.number().int().nonnegative().default(0),
  config: serverConfig.default({}),
});

/** Settings of the target's own server. A replacement server has the same. */
const serverSettings = z.strictObject({
  /** Maximum message size, up to 64 MiB; the server's default is 1 MiB. */
  maxPayload: size
    .refine((bytes) => bytes <= MOST_PAYLOAD_BYTES, 'must be 64 MiB at most, the limit of nats-server')
    .default(DEFAULT_MAX_PAYLOAD_BYTES),
  /** Encrypts stored data with a key of the drill. */
  encryption: z.enum(['aes', 'chachapoly']).optional(),
});

const optionsSchema = z
  .strictObject({
    /** Number of copies of every stream, each on its own server. More than one gives each drill a cluster of this many servers. */
    replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).default(1),
    streams: z.array(stream).readonly().default([]),
    keyValue: z.array(bucket).readonly().default([]),
    objectStores: z.array(objectStore).readonly().default([]),
    server: serverSettings.prefault({}),
  })
  .superRefine((options, context) => {
    options.streams.forEach((each, index) => {
      const largest = largestMessageBytes(each);
      if (largest <= options.server.maxPayload) return;
      context.addIssue({
        code: 'custom',
        path: ['streams', index, 'payload'],
        message: `makes messages of up to ${formatSize(largest)}, but the server accepts at most ${formatSize(options.server.maxPayload)} (max_payload). State the limit of production, e.g. server: { maxPayload: '8MiB' }`,
      });
    });
    const names = [
      ...options.streams.map((each) => `stream ${each.name}`),
      ...options.keyValue.map((each) => `key-value bucket ${each.bucket}`),
      ...options.objectStores.map((each) => `object store ${each.bucket}`),
    ];
    const twice = names.find((each, index) => names.indexOf(each) !== index);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `${twice} is listed twice` });
    const allSubjects = options.streams.flatMap((each) => each.subjects);
    const sharedSubject = allSubjects.find((each, index) => allSubjects.indexOf(each) !== index);
    const overlapping = overlapIn([...new Set(allSubjects)]);
    if (sharedSubject !== undefined) {
      context.addIssue({ code: 'custom', message: `subject ${sharedSubject} is listed twice` });
    } else if (overlapping !== undefined && options.streams.length > 1) {
      context.addIssue({ code: 'custom', message: `subjects ${overlapping.join(' and ')} overlap` });
    }
    if (options.objectStores.length > 0 && options.streams.length + options.keyValue.length === 0) {
      context.addIssue({
        code: 'custom',
        message: 'object stores alone have no place for markers: name a stream or a key-value bucket beside them',
      });
    }
  });

/** Options in a contract: the streams, buckets and object stores that the promise covers. */
export type JetStreamOptions = z.input<typeof optionsSchema>;
export type JetStreamContent = z.output<typeof optionsSchema>;
export type StreamContent = JetStreamContent['streams'][number];
export type ConsumerContent = StreamContent['consumers'][number];
export type BucketContent = JetStreamContent['keyValue'][number];
export type ObjectStoreContent = JetStreamContent['objectStores'][number];

/** @throws {ExplainedError} that names the field when an option is missing, misspelt or out of range. */
export function parseOptions(options: unknown): JetStreamContent {
  return parsedOptions('jetstream(…)', optionsSchema, options);
}

/** Returns the maximum size of a seeded message: a text, up to twice the mean, and headers (see `content.ts`). */
function largestMessageBytes({ payload, headers }: { readonly payload: number; readonly headers: boolean }): number {
  return payload * 2 + 64 + (headers ? 256 : 0);
}
