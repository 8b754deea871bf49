import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { Step } from '../../model/step.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { outlastElection } from './outlast-election.ts';

const BUDGET_MS = 60_000;

/**
 * What the leader of a stream says of it. While a replicated stream has none, any server with a copy answers for its own copy, which may
 * lag or be empty (nats-server `server/jetstream_api.go`, `jsStreamInfoRequest`, 2.15): such an answer is not taken.
 * @throws {WaitTimeoutError} when nobody has come to lead it within a minute; what the server refuses, as it is.
 */
export async function ledInfo(
  jsm: { readonly streams: Pick<JetStreamManager['streams'], 'info'> },
  stream: string,
  step: Pick<Step, 'clock' | 'signal'>,
): Promise<StreamInfo> {
  const look = async () => {
    const info = await jsm.streams.info(stream);
    if (info.config.num_replicas === 1 || info.cluster?.leader) return arrived(info);
    return notYet(`nobody leads it; a server with a copy of ${info.state.messages} messages answered`);
  };
  return await outlastElection(
    { for: `whoever leads stream ${stream} to describe it`, budgetMs: BUDGET_MS, look },
    step,
  );
}
