import { summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { arrived, WaitTimeoutError } from '../../wait/wait.ts';
import { outlastElection } from './outlast-election.ts';

const BUDGET_MS = 60_000;

/**
 * Makes a stream, again and again while the cluster has no leader or too few servers to put it on. The leader of a cluster that has just
 * started, or whose machine is busy, takes a server for offline whose last word came late, and refuses every replicated stream until it
 * hears from it. Making the same stream twice makes it once: the server compares the configurations.
 * @throws {WaitTimeoutError} after a minute of that; any other refusal ends the wait at once, and names the stream.
 */
export async function placed<T>(
  label: string,
  make: () => Promise<T>,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<T> {
  const look = async () => arrived(await make());
  try {
    return await outlastElection(
      { for: `servers enough for ${label}`, budgetMs: BUDGET_MS, intervalMs: 200, look },
      step,
    );
  } catch (error) {
    if (error instanceof WaitTimeoutError || step.signal.aborted) throw error;
    throw new Error(`${label}: ${summaryOf(error)}`, { cause: error });
  }
}
