import { z } from 'zod';
import { optionsMistake } from '../../model/options-mistake.ts';
import { parseSizeBytes } from '../../model/units.ts';

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'letters, digits, "-" and "_" only, a letter first');
const subject = z
  .string()
  .regex(/^[^\s.*>]+(\.[^\s.*>]+)*$/, 'a subject without wildcards or spaces, e.g. orders.created');
const size = z.string().transform((text, context) => {
  try {
    return parseSizeBytes(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});
const count = z.number().int().positive();

const consumer = z.strictObject({
  durable: name,
  /** Share of the messages that the consumer has acknowledged, from 0 to 1. A few more are delivered and not acknowledged. */
  acknowledged: z.number().min(0).max(1).default(0.5),
});

const stream = z.strictObject({
  name,
  subjects: z.array(subject).min(1).readonly(),
  retention: z.enum(['limits', 'workqueue']).default('limits'),
  storage: z.enum(['file', 'memory']).default('file'),
  messages: count,
  /** Every second message carries headers, one of them with several values. */
  headers: z.boolean().default(false),
  /** Mean payload; payloads vary from nothing to twice as much. */
  payload: size.default(256),
  consumer: consumer.optional(),
});

const bucket = z.strictObject({
  bucket: name,
  keys: count,
  /** Revisions kept of a key. */
  history: z.number().int().min(1).max(64).default(1),
});

const objectStore = z.strictObject({
  bucket: name,
  /** The first is empty, the last one is the largest. */
  objects: count,
  largest: size.default(1_048_576),
});

const optionsSchema = z
  .strictObject({
    /** Copies of every stream, each on a server of its own. More than one gives each drill a cluster of so many servers. */
    replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).default(1),
    streams: z.array(stream).readonly().default([]),
    keyValue: z.array(bucket).readonly().default([]),
    objectStores: z.array(objectStore).readonly().default([]),
  })
  .superRefine((options, context) => {
    const names = [
      ...options.streams.map((each) => `stream ${each.name.toUpperCase()}`),
      ...options.keyValue.map((each) => `key-value bucket ${each.bucket}`),
      ...options.objectStores.map((each) => `object store ${each.bucket}`),
    ];
    const twice = names.find((each, index) => names.indexOf(each) !== index);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `${twice} is there twice` });
    const allSubjects = options.streams.flatMap((each) => each.subjects);
    const sharedSubject = allSubjects.find((each, index) => allSubjects.indexOf(each) !== index);
    if (sharedSubject !== undefined) {
      context.addIssue({ code: 'custom', message: `subject ${sharedSubject} is there twice` });
    }
    if (options.objectStores.length > 0 && options.streams.length + options.keyValue.length === 0) {
      context.addIssue({
        code: 'custom',
        message: 'object stores alone have no place for markers: name a stream or a key-value bucket beside them',
      });
    }
  });

/** What a contract's author writes: the streams, buckets and object stores that the promise is about. */
export type JetStreamOptions = z.input<typeof optionsSchema>;
export type JetStreamContent = z.output<typeof optionsSchema>;
export type StreamContent = JetStreamContent['streams'][number];
export type BucketContent = JetStreamContent['keyValue'][number];
export type ObjectStoreContent = JetStreamContent['objectStores'][number];

/** @throws {ExplainedError} that names the field when an option is missing, misspelt or out of range. */
export function parseOptions(options: unknown): JetStreamContent {
  const parsed = optionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw optionsMistake({ thing: 'jetstream(…)', schema: optionsSchema, options, error: parsed.error });
}
