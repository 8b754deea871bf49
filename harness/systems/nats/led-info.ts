import { JetStreamApiError, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/transport-node';
import type { Step } from '../../model/step.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, type Look, notYet, waitFor } from '../../wait/wait.ts';

const BUDGET_MS = 60_000;
/** "JetStream system temporarily unavailable" (nats-server `server/errors.json`, JSClusterNotAvailErr): nobody leads the cluster. */
const NOT_AVAILABLE = 10_008;

/**
 * What the leader of a stream says of it. While a replicated stream has none, any server with a copy answers for its own copy, which may
 * lag or be empty (nats-server `server/jetstream_api.go`, `jsStreamInfoRequest`, 2.15): such an answer is not taken.
 * @throws {WaitTimeoutError} when nobody has come to lead it within a minute; what the server refuses, as it is.
 */
export async function ledInfo(
  jsm: { readonly streams: Pick<JetStreamManager['streams'], 'info'> },
  stream: string,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<StreamInfo> {
  const look = async (lookSignal: AbortSignal): Promise<Look<StreamInfo | { readonly refusal: unknown }>> => {
    try {
      const info = await untilAborted(jsm.streams.info(stream), lookSignal);
      if (info.config.num_replicas === 1 || info.cluster?.leader) return arrived(info);
      return notYet(`nobody leads it; a server with a copy of ${info.state.messages} messages answered`);
    } catch (error) {
      const isElection =
        error instanceof TimeoutError || (error instanceof JetStreamApiError && error.code === NOT_AVAILABLE);
      return isElection ? notYet(error.message, error) : arrived({ refusal: error });
    }
  };
  const name = `whoever leads stream ${stream} to describe it`;
  const seen = await waitFor({ for: name, budgetMs: BUDGET_MS, look }, clock, signal);
  if ('refusal' in seen) throw seen.refusal;
  return seen;
}
