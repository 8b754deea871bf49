import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  type JetStreamManager,
  ReplayPolicy,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Step } from '../../model/step.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { ledInfo } from './led-info.ts';
import { outlastElection } from './outlast-election.ts';

const BUDGET_MS = 30_000;

/**
 * A consumer that reads all of a stream's messages where they are complete, and consumes none. A server is chosen for it at random among
 * those that hold the stream, and it reads the copy there: it is made again until it comes to lie with whoever leads the stream. Three
 * servers take three tries on average, of some milliseconds each.
 * @throws {WaitTimeoutError} when it did not within 30 s; what the server refuses, as it is.
 */
export async function consumerBesideLeader(
  jsm: JetStreamManager,
  stream: string,
  config: Pick<ConsumerConfig, 'deliver_subject' | 'filter_subject'>,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<ConsumerInfo> {
  const look = async (signal: AbortSignal) => {
    const { cluster, config: stored } = await ledInfo(jsm, stream, { ...step, signal });
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
    // A server by itself says of its streams who leads them, and of its consumers it does not.
    if (stored.num_replicas === 1 || made.cluster?.leader === cluster?.leader) return arrived(made);
    await jsm.consumers.delete(stream, made.name);
    return notYet(`${cluster?.leader} leads the stream, and the consumer came to lie on ${made.cluster?.leader}`);
  };
  const name = `a consumer on the server that leads stream ${stream}`;
  return await outlastElection({ for: name, budgetMs: BUDGET_MS, intervalMs: 1, look }, step);
}
