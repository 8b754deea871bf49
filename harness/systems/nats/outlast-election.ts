import { JetStreamApiError } from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/transport-node';
import type { Step } from '../../model/step.ts';
import { arrived, type Look, notYet, type Wait, waitFor } from '../../wait/wait.ts';

/** Of nats-server `server/errors.json`: JSClusterNotAvailErr (nobody leads the cluster), JSClusterNoPeersErrF (too few of it are heard). */
const OF_AN_ELECTION: readonly number[] = [10_008, 10_005];

/**
 * Waits for something that a cluster answers once it has leaders: until then it says so, or nothing. Any other error is final.
 * @throws {WaitTimeoutError} at the end of the budget; what the server refuses, as it is.
 */
export async function outlastElection<T>(wait: Wait<T>, { clock, signal }: Pick<Step, 'clock' | 'signal'>): Promise<T> {
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
