import type { WaysOf } from '../../model/access.ts';
import type { AssetKind, Disaster, OpenOptions } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import { preparable } from '../../model/rendering.ts';
import { disasters, NODE_LOST, nodeLost, REHEARSAL, SERVER_LOST } from './disasters.ts';
import { placesOf, tellNames } from './names.ts';
import { type JetStreamContent, type JetStreamOptions, parseOptions } from './options.ts';
import type { NatsProvider } from './provided.ts';
import {
  type LosableNats,
  type NatsClusterPlace,
  type NatsServerSettings,
  ownNats,
  ownNatsCluster,
} from './service.ts';

/** The protected content, and the provider of its server if that is not the target's. */
export type JetStreamAsset = Omit<JetStreamOptions, 'server'> & {
  /** Settings of the target's own server, or a provider of another one. */
  readonly server?: NatsProvider | NonNullable<JetStreamOptions['server']> | undefined;
};

type Replicas = NonNullable<JetStreamOptions['replicas']>;
type JetStreamWays<R extends Replicas> = WaysOf<typeof disasters> &
  (R extends 1 ? unknown : WaysOf<readonly [typeof nodeLost]>);

/**
 * Streams, key-value buckets and object stores of NATS JetStream, as an asset under contract.
 * @throws {ExplainedError} when the options are not valid.
 */
export function jetstream<R extends Replicas = 1>({
  server,
  ...options
}: Omit<JetStreamAsset, 'replicas'> & { readonly replicas?: R | undefined }): AssetKind<JetStreamWays<R>> {
  const provider = server !== undefined && 'start' in server ? server : undefined;
  // The provider of the server decides its maximum message size.
  const content = parseOptions({ ...options, server: provider === undefined ? server : { maxPayload: '64MiB' } });
  const { replicas } = content;
  const isCluster = replicas > 1;
  if (isCluster && provider !== undefined) throw noCluster(provider);
  const known: readonly Disaster[] = [...disasters, ...(isCluster ? [nodeLost] : [])].map((each) =>
    each.name === SERVER_LOST ? { ...each, ...provider?.loss } : each,
  );
  const kind: AssetKind<JetStreamWays<R>> = {
    system: 'nats',
    description: `${descriptionOf(content)}${whereOf(replicas, provider)}`,
    inScope: [
      'messages with subject, headers, sequence, timestamp and payload',
      'stream configuration',
      'durable consumers with their delivered and ack-floor positions',
      'key-value history and objects',
    ],
    outOfScope: ['accounts, users and server configuration', 'ephemeral consumers'],
    needs: provider === undefined ? ['nats', ...(isCluster ? (['nats-cluster'] as const) : [])] : provider.needs,
    reads: provider?.reads ?? [],
    disasters: known,
    protectedCount: content.streams.length + content.keyValue.length + content.objectStores.length,
    async open(opened) {
      const losesServer = opened.disaster === SERVER_LOST;
      if (!known.some(({ name }) => name === opened.disaster)) throw unknown(opened.disaster, known);
      // Before anything is started: listing a contract needs no client library, and a failed import leaks nothing.
      const [{ BereavedJetStream }, { OpenJetStream }, { RehearsedJetStream }] = await Promise.all([
        import('./node-lost.ts'),
        import('./open.ts'),
        import('./rehearsal.ts'),
      ]);
      const made = { places: tellNames(placesOf(content, opened.drillId), opened.step.secrets), replicas };
      // A dedicated server for every disaster: a backup of the whole account must find only this drill's streams.
      const start = async (label: string) =>
        provider === undefined
          ? await startDedicated(content, label, opened)
          : await provider.start(opened.target, label, opened.step);
      if (opened.disaster === NODE_LOST) {
        return new BereavedJetStream(opened, made, await startCluster(content, opened.drillId, opened));
      }
      const server = await start(opened.drillId);
      if (opened.disaster !== REHEARSAL) return new OpenJetStream(opened, made, server, losesServer);
      const staging = await besides(server, async () => await start(`staging-${opened.drillId}`));
      return new RehearsedJetStream(opened, made, server, staging, provider?.staging);
    },
  };
  if (provider?.prepared === undefined) return kind;
  return preparable(kind, async (render) => jetstream<R>({ ...options, server: await provider.prepared?.(render) }));
}

/** Starts dedicated servers for the drill: a cluster is never shared, because its loss would affect every drill. */
async function startDedicated(
  content: JetStreamContent,
  label: string,
  opened: Pick<OpenOptions, 'target' | 'step'>,
): Promise<LosableNats> {
  if (content.replicas > 1) return await startCluster(content, label, opened);
  return await opened.target.place(ownNats, { label, settings: settingsOf(content) }, opened.step.signal);
}

const startCluster = async (
  content: JetStreamContent,
  label: string,
  { target, step }: Pick<OpenOptions, 'target' | 'step'>,
): Promise<NatsClusterPlace> =>
  await target.place(ownNatsCluster, { label, nodes: content.replicas, settings: settingsOf(content) }, step.signal);

const settingsOf = ({ server }: JetStreamContent): NatsServerSettings => ({
  maxPayloadBytes: server.maxPayload,
  encryption: server.encryption,
});

/** Starts a second server; if that fails, it disposes of the first one. */
async function besides(first: LosableNats, start: () => Promise<LosableNats>): Promise<LosableNats> {
  try {
    return await start();
  } catch (error) {
    await first[Symbol.asyncDispose]();
    throw error;
  }
}

const whereOf = (replicas: number, provider: NatsProvider | undefined): string =>
  provider !== undefined ? `, on ${provider.description}` : replicas > 1 ? `, ${replicas} replicas of each` : '';

function noCluster({ description }: NatsProvider): ExplainedError {
  return new ExplainedError({
    thing: 'jetstream(…): replicas',
    expected: `1, because the streams lie on ${description}`,
    observed: 'the contract sets more',
    nextStep: 'Leave out replicas, or leave out server: the target then starts a cluster.',
  });
}

function descriptionOf({ streams, keyValue, objectStores }: JetStreamContent): string {
  return [
    ...streams.map(
      (each) => `stream ${each.name} (${each.retention}, ${each.messages.toLocaleString('en-GB')} messages)`,
    ),
    ...keyValue.map((each) => `key-value bucket ${each.bucket} (${each.keys} keys, history ${each.history})`),
    ...objectStores.map((each) => `object store ${each.bucket} (${each.objects} objects)`),
  ].join(', ');
}

function unknown(disaster: string, disasters: readonly Disaster[]): ExplainedError {
  return new ExplainedError({
    thing: `disaster ${disaster}`,
    expected: `one of ${disasters.map(({ name }) => name).join(', ')}`,
    observed: 'JetStream has no such disaster',
    nextStep: 'Correct it in the contract.',
  });
}
