import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { retryDuringElection } from './cluster-settling.ts';
import type { ReadStep } from './reader.ts';

const ANSWER_BUDGET_MS = 30_000;
const namesPage = z.object({ total: z.number().int(), consumers: z.array(z.string()).nullish() });

/**
 * Every durable consumer of a stream, by name. A cluster knows a consumer before somebody leads it, and leaves it out of its list until
 * then: it is waited for. A consumer without a durable name belongs to a read in progress.
 * @throws {WaitTimeoutError} when a consumer that the cluster knows gives no answer within 30 s.
 */
export async function durablesOf(
  nc: NatsConnection,
  jsm: JetStreamManager,
  stream: string,
  { clock, signal }: ReadStep,
): Promise<ConsumerInfo[]> {
  const look = async () => {
    const listed = await Array.fromAsync(jsm.consumers.list(stream));
    const known = await namesOf(nc, stream, signal);
    const silent = known.filter((name) => !listed.some((info) => info.name === name));
    return silent.length === 0 ? arrived(listed) : notYet(`no answer from ${silent.join(', ')}`);
  };
  const all = await retryDuringElection(
    { for: `every consumer of stream ${stream} to answer`, budgetMs: ANSWER_BUDGET_MS, look },
    { clock, signal },
  );
  return all.filter(({ config }) => config.durable_name !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function namesOf(nc: NatsConnection, stream: string, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const request = JSON.stringify({ offset: names.length });
    const answer = await untilAborted(
      nc.request(`$JS.API.CONSUMER.NAMES.${stream}`, request, { timeout: 10_000 }),
      signal,
    );
    const { total, consumers } = namesPage.parse(answer.json());
    names.push(...(consumers ?? []));
    if (names.length >= total || (consumers ?? []).length === 0) return names;
  }
}
