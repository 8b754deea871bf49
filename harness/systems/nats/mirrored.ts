import { replicaAccess, type WaysOf } from '../../model/access.ts';
import type { AssetKind, Disaster } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import { placesOf, tellNames } from './names.ts';
import { type JetStreamContent, type JetStreamOptions, parseOptions } from './options.ts';
import { regionPair } from './service.ts';

const REGION_DESTROYED = 'region-destroyed';

const disasters = [
  {
    name: 'region-lost',
    threat:
      'every server of the primary region and its S3 are gone from one moment to the next, and come back later with what they had stored',
    blastRadius: 'the primary region; the standby region and Route 53 go on',
    offers: [replicaAccess],
  },
  {
    name: REGION_DESTROYED,
    threat:
      'every server of the primary region and its S3 are gone from one moment to the next with all that they had stored, and come back later empty',
    blastRadius: 'the primary region with its streams and its bucket; the standby region and Route 53 go on',
    offers: [replicaAccess],
  },
] as const satisfies readonly Disaster[];

/**
 * Streams and key-value buckets in a primary region, mirrored to a standby region, which users reach by a DNS name.
 * @throws {ExplainedError} when the options are not valid.
 */
export function mirroredStreams(options: MirroredStreamsOptions): AssetKind<WaysOf<typeof disasters>> {
  const content = parseMirroredOptions(options);
  return {
    system: 'nats',
    description: [
      ...content.streams.map((each) => `stream ${each.name} (${each.messages.toLocaleString('en-GB')} messages)`),
      ...content.keyValue.map((each) => `key-value bucket ${each.bucket} (${each.keys} keys, history ${each.history})`),
    ]
      .join(', ')
      .concat(', mirrored from a primary to a standby region'),
    inScope: [
      'messages with subject, headers, sequence, timestamp and payload',
      'stream configuration, key-value history',
      'the DNS name by which users find the region in charge',
      'the way back: loss, duplicates, split brain',
    ],
    outOfScope: [
      'consumers: a mirror carries messages only, so whoever reads makes its consumers anew in the region in charge',
      'work queues, memory streams, object stores',
      'accounts, users and server configuration',
    ],
    needs: ['regions'],
    disasters,
    protectedCount: content.streams.length + content.keyValue.length,
    async open(opened) {
      const { target, drillId, disaster, step } = opened;
      const { OpenMirroredStreams } = await import('./open-mirrored.ts');
      const pair = await target.place(regionPair, { label: drillId }, step.signal);
      const stored = disaster === REGION_DESTROYED ? 'destroyed' : 'kept';
      return new OpenMirroredStreams(opened, tellNames(placesOf(content, drillId), step.secrets), pair, stored);
    },
  };
}

type StreamOptions = NonNullable<JetStreamOptions['streams']>[number];

/** Options of mirrored streams. A mirror carries only messages: no consumers, work queues or memory streams. */
export interface MirroredStreamsOptions {
  readonly streams?: readonly Omit<StreamOptions, 'consumer' | 'consumers' | 'retention' | 'storage'>[];
  readonly keyValue?: NonNullable<JetStreamOptions['keyValue']>;
}

/** @throws {ExplainedError} when an option is invalid, or a mirror cannot carry it. */
function parseMirroredOptions(options: MirroredStreamsOptions): JetStreamContent {
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
