import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  ReplayPolicy,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos, TimeoutError } from '@nats-io/transport-node';
import { summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { arrived, type Look, notYet, type Wait, WaitTimeoutError, waitFor } from '../../wait/wait.ts';

// Handles wrong or missing answers of a cluster until it has leaders and knows its servers.

/**
 * Codes of nats-server `server/errors.json`: JSClusterNotAvailErr (the cluster has no leader), JSClusterNoPeersErrF (too few servers are
 * online).
 */
const OF_AN_ELECTION: readonly number[] = [10_008, 10_005];

/**
 * Repeats a request while the cluster elects a leader, and while it does not answer. Any other error ends the wait.
 * @throws {WaitTimeoutError} at the end of the budget; any other refusal of the server, unchanged.
 */
export async function retryDuringElection<T>(
  wait: Wait<T>,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<T> {
  const look = async (
    lookSignal: AbortSignal,
  ): Promise<Look<{ readonly value: T } | { readonly refusal: unknown }>> => {
    try {
      const seen = await wait.look(lookSignal);
      return seen.done ? arrived({ value: seen.value }) : seen;
    } catch (error) {
      const isElection =
        error instanceof TimeoutError || (error instanceof JetStreamApiError && OF_AN_ELECTION.includes(error.code));
      return isElection ? notYet(error.message, error) : arrived({ refusal: error });
    }
  };
  const seen = await waitFor({ ...wait, look }, clock, signal);
  if ('refusal' in seen) throw seen.refusal;
  return seen.value;
}

const LEADER_BUDGET_MS = 60_000;

/**
 * Reads the state of a stream from its leader. While a replicated stream has no leader, any server with a copy answers. That copy may
 * lag or be empty (nats-server `server/jetstream_api.go`, `jsStreamInfoRequest`, 2.15), so such an answer is ignored.
 * @throws {WaitTimeoutError} when the stream has no leader within a minute; any other refusal of the server, unchanged.
 */
export async function streamInfoFromLeader(
  jsm: { readonly streams: Pick<JetStreamManager['streams'], 'info'> },
  stream: string,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<StreamInfo> {
  const look = async () => {
    const info = await jsm.streams.info(stream);
    if (info.config.num_replicas === 1 || info.cluster?.leader) return arrived(info);
    return notYet(`it has no leader; a server with a copy of ${info.state.messages} messages answered`);
  };
  return await retryDuringElection(
    { for: `the leader of stream ${stream} to describe it`, budgetMs: LEADER_BUDGET_MS, look },
    step,
  );
}

const PEERS_BUDGET_MS = 60_000;

/**
 * Creates a stream, and repeats the request while the cluster has no leader or too few servers online. On a busy machine, or just after
 * the start, the leader counts a server as offline when a message from it is late, and refuses every replicated stream until the next
 * message. A repeated request creates the stream once, because the server compares the configurations.
 * @throws {WaitTimeoutError} after a minute; any other refusal ends the wait at once, and the error names the stream.
 */
export async function createWithEnoughPeers<T>(
  label: string,
  make: () => Promise<T>,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<T> {
  const look = async () => arrived(await make());
  try {
    return await retryDuringElection(
      { for: `enough servers for ${label}`, budgetMs: PEERS_BUDGET_MS, intervalMs: 200, look },
      step,
    );
  } catch (error) {
    if (error instanceof WaitTimeoutError || step.signal.aborted) throw error;
    throw new Error(`${label}: ${summaryOf(error)}`, { cause: error });
  }
}

const CONSUMER_BUDGET_MS = 30_000;

/**
 * Creates a consumer that reads all messages of a stream from the leader's copy, which is complete. The cluster places a consumer on a
 * random server that holds the stream, and the consumer reads the copy there. So it is deleted and created again until it is on the
 * leader. With three servers that takes three tries on average, of some milliseconds each. It acknowledges nothing.
 * @throws {WaitTimeoutError} when it is not on the leader within 30 s; any other refusal of the server, unchanged.
 */
export async function consumerOnLeader(
  jsm: JetStreamManager,
  stream: string,
  config: Pick<ConsumerConfig, 'deliver_subject' | 'filter_subject'>,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<ConsumerInfo> {
  const look = async (signal: AbortSignal) => {
    const { cluster, config: stored } = await streamInfoFromLeader(jsm, stream, { ...step, signal });
    const made = await jsm.consumers.add(stream, {
      ...config,
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      flow_control: true,
      idle_heartbeat: nanos(5_000),
      inactive_threshold: nanos(30_000),
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
    });
    // A standalone server reports the leader of its streams but not of its consumers.
    if (stored.num_replicas === 1 || made.cluster?.leader === cluster?.leader) return arrived(made);
    await jsm.consumers.delete(stream, made.name);
    return notYet(`${cluster?.leader} leads the stream, but the consumer was placed on ${made.cluster?.leader}`);
  };
  const name = `a consumer on the server that leads stream ${stream}`;
  return await retryDuringElection({ for: name, budgetMs: CONSUMER_BUDGET_MS, intervalMs: 1, look }, step);
}
