import { JetStreamApiError } from '@nats-io/jetstream';
import { summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { arrived, HopelessError, notYet, waitFor } from '../../wait/wait.ts';

const BUDGET_MS = 60_000;
/** "no suitable peers for placement" (nats-server `server/errors.json`, JSClusterNoPeersErrF). */
const NO_SUITABLE_PEERS = 10_005;

/**
 * Makes a stream, again and again while the cluster has too few servers to put it on. The leader of a cluster that has just started, or
 * whose machine is busy, takes a server for offline whose last word came late, and refuses every replicated stream until it hears from it.
 * @throws {WaitTimeoutError} after a minute of that; any other refusal ends the wait at once.
 */
export async function placed<T>(
  label: string,
  make: () => Promise<T>,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<T> {
  const look = async () => {
    try {
      return arrived(await make());
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === NO_SUITABLE_PEERS) return notYet(error.message, error);
      throw new HopelessError(`${label}: ${summaryOf(error)}`, { cause: error });
    }
  };
  return await waitFor(
    { for: `servers enough for ${label}`, budgetMs: BUDGET_MS, intervalMs: 200, look },
    clock,
    signal,
  );
}
