import { ExplainedError } from '../../model/errors.ts';
import { type JetStreamContent, type JetStreamOptions, parseOptions } from './options.ts';

type StreamOptions = NonNullable<JetStreamOptions['streams']>[number];

/** What a mirror carries: messages. Consumers, work queues and memory streams have no place in it. */
export interface MirroredStreamsOptions {
  readonly streams?: readonly Omit<StreamOptions, 'consumer' | 'consumers' | 'retention' | 'storage'>[];
  readonly keyValue?: NonNullable<JetStreamOptions['keyValue']>;
}

/** @throws {ExplainedError} when an option is not valid, or asks of a mirror what it does not carry. */
export function parseMirroredOptions(options: MirroredStreamsOptions): JetStreamContent {
  const content = parseOptions(options);
  const beyond = content.streams.find(
    (stream) => stream.consumers.length > 0 || stream.retention !== 'limits' || stream.storage !== 'file',
  );
  if (beyond === undefined && content.objectStores.length === 0) return content;
  throw new ExplainedError({
    thing: `mirroredStreams(…): ${beyond === undefined ? 'objectStores' : `stream ${beyond.name}`}`,
    expected: 'streams on file with the retention "limits", and key-value buckets',
    observed: 'a mirror does not carry consumers, work queues, memory streams or object stores',
    nextStep: 'Put those under a contract with a backup.',
  });
}
