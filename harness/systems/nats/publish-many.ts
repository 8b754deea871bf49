import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { acknowledgedSequence } from './connection.ts';
import type { SeedMessage } from './content.ts';

const IN_FLIGHT = 1_000;
const STALL_BUDGET_MS = 15_000;

/**
 * Publishes everything with a bounded number of pending acknowledgements, and resolves when all have arrived.
 * One subscription receives them all: a request for each message costs several times as much.
 * @throws {ExplainedError} when acknowledgements stop; an error at the first refusal.
 */
export async function publishMany(
  nc: NatsConnection,
  messages: Iterable<SeedMessage>,
  step: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<{ readonly messages: number; readonly bytes: number }> {
  const inbox = createInbox();
  const over = new AbortController();
  const signal = AbortSignal.any([step.signal, over.signal]);
  let sent = 0;
  let acknowledged = 0;
  let bytes = 0;
  let wake: PromiseWithResolvers<void> | undefined;
  let wakeAt = 0;
  const subscription = nc.subscribe(inbox, {
    callback: (error, answer) => {
      try {
        if (error !== null) throw error;
        acknowledgedSequence(answer.data, 'a seeded message');
        acknowledged += 1;
        if (sent - acknowledged <= wakeAt) wake?.resolve();
      } catch (thrown) {
        over.abort(thrown);
      }
    },
  });
  const caughtUp = async (limit: number) => {
    if (sent - acknowledged <= limit) return;
    wakeAt = limit;
    wake = Promise.withResolvers<void>();
    await untilAborted(wake.promise, signal);
  };
  // One watch for all waits: a timer and a composite signal for each would outlive it until the next full collection.
  const watched = watch(
    () => ({ sent, acknowledged }),
    () => over.abort(silence(sent, acknowledged)),
    { clock: step.clock, signal },
  );
  try {
    for (const message of messages) {
      if (sent - acknowledged >= IN_FLIGHT) await caughtUp(IN_FLIGHT / 2);
      nc.publish(message.subject, message.payload, {
        reply: inbox,
        ...(message.headers === undefined ? {} : { headers: message.headers }),
      });
      sent += 1;
      bytes += message.payload.length;
    }
    await caughtUp(0);
    return { messages: sent, bytes };
  } finally {
    subscription.unsubscribe();
    over.abort(new Error('seeding is over'));
    await watched;
  }
}

interface Progress {
  readonly sent: number;
  readonly acknowledged: number;
}

/** Calls `stalled` when no pending acknowledgement arrived during a whole budget. Ends with the signal. */
async function watch(
  progress: () => Progress,
  stalled: () => void,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const before = progress();
    try {
      await clock.pause(STALL_BUDGET_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (before.sent > before.acknowledged && progress().acknowledged === before.acknowledged) stalled();
  }
}

function silence(sent: number, acknowledged: number): ExplainedError {
  return new ExplainedError({
    thing: 'seeding JetStream',
    expected: `an acknowledgement within ${STALL_BUDGET_MS / 1_000} s`,
    observed: `${acknowledged} of ${sent} messages were acknowledged, then none`,
    nextStep: 'Look at the log of nats-server.',
  });
}
