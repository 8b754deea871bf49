import { headers, type NatsConnection, RequestError, TimeoutError } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Step } from '../../model/step.ts';
import { arrived, HopelessError, notYet, waitFor } from '../../wait/wait.ts';
import type { Connection } from './connection.ts';
import { type Place, probeSubject } from './names.ts';

const BUDGET_MS = 60_000;
const ANSWER_TIMEOUT_MS = 5_000;
const NO_STREAM = 'no-stream-of-this-name';
const WRONG_STREAM = 10_060;
const BAD_REQUEST = 400;
const refusal = z.object({ error: z.object({ err_code: z.literal(WRONG_STREAM) }) });

/**
 * Waits until the server of this connection routes a subject to the stream that was just created. In a cluster, the server learns of the
 * stream later than its leader, and answers "no responders" until then. The probe names another stream in its header, so the stream
 * refuses it, and nothing is written.
 * @throws {WaitTimeoutError} when no stream listens within a minute.
 */
export async function waitForInterest(
  nc: NatsConnection,
  subject: string,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<void> {
  const misdirected = headers();
  misdirected.set('Nats-Expected-Stream', NO_STREAM);
  await untilAnswered(`a stream that takes ${subject}`, { clock, signal }, async () => {
    const answer = await nc.request(subject, '', { timeout: ANSWER_TIMEOUT_MS, headers: misdirected });
    if (refusal.safeParse(answer.json()).success) return;
    throw new HopelessError(`${subject}: expected a refusal of stream ${NO_STREAM}, observed ${answer.string()}`);
  });
}

/**
 * Waits until the server of this connection routes pull requests to the consumer that was just created. The probe is malformed JSON, so
 * the consumer refuses it, and nothing is delivered.
 * @throws {WaitTimeoutError} when it does not within a minute.
 */
export async function waitForConsumerInterest(
  nc: NatsConnection,
  stream: string,
  durable: string,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<void> {
  await untilAnswered(`consumer ${durable} of stream ${stream} to take requests`, step, async () => {
    const answer = await nc.request(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, '{', {
      timeout: ANSWER_TIMEOUT_MS,
    });
    if (answer.headers?.code === BAD_REQUEST) return;
    throw new HopelessError(
      `consumer ${durable}: expected a refusal, observed ${answer.headers?.code ?? answer.string()}`,
    );
  });
}

async function untilAnswered(
  awaited: string,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
  ask: () => Promise<void>,
): Promise<void> {
  const look = async () => {
    try {
      await ask();
      return arrived(undefined);
    } catch (error) {
      if (error instanceof RequestError && error.isNoResponders()) return notYet('nobody listens', error);
      // The cluster drops a request during a change of leader.
      if (error instanceof TimeoutError) return notYet(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`, error);
      throw error;
    }
  };
  await waitFor({ for: awaited, budgetMs: BUDGET_MS, look }, clock, signal);
}

/** Waits on each connection, because each may be to another server of the cluster. */
export async function waitForInterestEverywhere(
  places: readonly Place[],
  connections: readonly Connection[],
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<void> {
  for (const connection of connections) {
    const { nc } = await connection.use(step.signal);
    for (const subject of places.flatMap((place) => probeSubject(place) ?? []))
      await waitForInterest(nc, subject, step);
  }
}
