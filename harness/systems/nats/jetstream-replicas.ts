import { type ConsumerInfo, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { z } from 'zod';
import { afterwards } from '../../base/afterwards.ts';
import { natsConnection } from '../../clients/nats.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Procedure, ProcedureContext, RecoveryPoint, RestoreReport } from '../../model/procedure.ts';
import { performing } from '../../model/step.ts';
import { counted } from '../../model/text.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../../wait/wait.ts';
import { natsReplicas } from './access.ts';

const SETTLE_BUDGET_MS = 60_000;
const CATCH_UP_BUDGET_MS = 300_000;

const environmentSchema = z.object({
  NATS_URL: z.string().min(1),
  STREAMS: z
    .string()
    .transform((names) => names.split(' ').filter((name) => name !== ''))
    .pipe(z.array(z.string()).min(1)),
});

/**
 * Protection by JetStream's own replicas: every acknowledged write is on a majority of the nodes, so nothing runs on a schedule. No
 * backup: it protects from the loss of a node, and neither from the loss of the cluster nor from a mistake.
 *
 * `backup` waits until every stream really has its copies and all of them are current, for a minute at most. `restore` waits until that
 * is so again; the servers do the work.
 */
export function jetstreamReplicas(): Procedure<typeof natsReplicas.name> {
  return {
    description: "JetStream's own replicas",
    protects: [natsReplicas],
    needs: ['nats-cluster'],
    schedule: 'continuous',
    backup: observe,
    restore: untilWhole,
  };
}

async function observe(context: ProcedureContext): Promise<RecoveryPoint> {
  const { now, found, lacking } = await untilProtected(context);
  const infos = found.map(({ info }) => info);
  if (lacking.length > 0) {
    throw new ExplainedError({
      thing: 'replicas of the streams',
      expected: 'every stream to have copies on other nodes, all of them current',
      observed: lacking.join('; '),
      nextStep: 'Look at `nats stream report`; a stream with one replica needs `nats stream edit --replicas 3`.',
    });
  }
  const nodes = new Set(infos.flatMap(nodesOf));
  const sum = (of: (info: StreamInfo) => number) => infos.reduce((total, info) => total + of(info), 0);
  return {
    id: `replicas-at-${now.utc}`,
    location: `nodes ${[...nodes].toSorted().join(', ')}`,
    captureBegan: now,
    durable: now,
    objects: sum(({ state }) => state.messages),
    sizeBytes: sum(({ state }) => state.bytes),
    digest: 'none: the replicas are the asset itself, not a copy apart from it',
    encryption: 'none',
    immutability: 'none',
    claimed: infos
      .map((info) => `${info.config.name}: ${counted(nodesOf(info).length, 'copy', 'copies')}, all current`)
      .join('; '),
  };
}

/**
 * Waits for copies that lag: a server counts a follower as not current when its last word is late, which happens on a busy machine while
 * nothing is wrong. A stream that was made with one replica is not waited for.
 */
async function untilProtected(context: ProcedureContext) {
  const { step } = context;
  const looked = async (signal: AbortSignal) => {
    const now = step.clock.now();
    const found = await streamsOf({ ...context, step: { ...step, signal } });
    return { now, found, lacking: found.flatMap(lackOf) };
  };
  let last: Awaited<ReturnType<typeof looked>> | undefined;
  const look = async (signal: AbortSignal) => {
    last = await looked(signal);
    const isFinal = last.found.some(({ info }) => info.config.num_replicas < 2);
    return last.lacking.length === 0 || isFinal ? arrived(last) : notYet(last.lacking.join('; '));
  };
  const awaited = 'every stream to have copies on other nodes, all of them current';
  try {
    return await waitFor({ for: awaited, budgetMs: SETTLE_BUDGET_MS, intervalMs: 200, look }, step.clock, step.signal);
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || last === undefined) throw error;
    return last;
  }
}

async function untilWhole(_: RecoveryPoint, context: ProcedureContext): Promise<RestoreReport> {
  const { step } = context;
  const command = 'nats stream report';
  const described = {
    what: 'Wait until every stream has all of its copies again',
    command,
    ifItFails:
      'Look at the log of the node that lags; a node that cannot catch up is removed with `nats server raft peer-remove`.',
  };
  const streams = await performing(step, described, () =>
    waitFor(
      {
        for: 'every stream to have all of its copies, and these to be current',
        budgetMs: CATCH_UP_BUDGET_MS,
        look: async (signal) => {
          const found = await streamsOf({ ...context, step: { ...step, signal } });
          const lacking = found.flatMap(lackOf);
          return lacking.length === 0 ? arrived(found) : notYet(lacking.join('; '));
        },
      },
      step.clock,
      step.signal,
    ),
  );
  const claimed = streams
    .map(({ info }) => `${info.config.name}: ${counted(nodesOf(info).length, 'copy', 'copies')}`)
    .join('; ');
  return { claimed, warnings: [], commands: [command] };
}

const nodesOf = ({ cluster }: StreamInfo): string[] => [
  ...(cluster?.leader === undefined ? [] : [cluster.leader]),
  ...(cluster?.replicas ?? []).map(({ name }) => name),
];

interface Found {
  readonly info: StreamInfo;
  /** Those whose leader answers. */
  readonly consumers: readonly ConsumerInfo[];
}

/** Why a stream is not protected now, or one of its consumers; nothing when all are. */
function lackOf({ info, consumers }: Found): string[] {
  const { name, num_replicas: wanted } = info.config;
  if (wanted < 2) return [`${name} has ${wanted} replica`];
  const mute = info.state.consumer_count - consumers.length;
  return [
    ...copiesLacking(name, wanted, info.cluster),
    ...(mute > 0 ? [`${mute} consumers of ${name} have no leader`] : []),
    ...consumers.flatMap((consumer) =>
      copiesLacking(`consumer ${consumer.name}`, consumer.config.num_replicas || wanted, consumer.cluster),
    ),
  ];
}

function copiesLacking(name: string, wanted: number, cluster: StreamInfo['cluster']): string[] {
  const behind = (cluster?.replicas ?? []).filter(({ current, offline }) => !current || offline === true);
  if (cluster?.leader === undefined || cluster.leader === '') return [`${name} has no leader`];
  const current = 1 + (cluster.replicas ?? []).length - behind.length;
  if (current >= wanted) return [];
  const late = behind.map((peer) => `${peer.name} ${peer.offline === true ? 'is offline' : 'is not current'}`);
  return [`${name} has ${current} of ${wanted} copies${late.length === 0 ? '' : ` (${late.join(', ')})`}`];
}

/** Asks over a connection of its own, because any of the nodes may just have gone. */
async function streamsOf({ environment, step }: ProcedureContext): Promise<readonly Found[]> {
  const { NATS_URL, STREAMS } = environmentSchema.parse(environment);
  step.signal.throwIfAborted();
  const connection = await natsConnection({ servers: NATS_URL.split(',') }, 'replicas');
  await using _close = afterwards(() => connection.close());
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const look = async (stream: string) => ({
    info: await manager.streams.info(stream),
    consumers: await Array.fromAsync(manager.consumers.list(stream)),
  });
  return await Promise.all(STREAMS.map(look));
}
