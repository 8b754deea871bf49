import { JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { streamInfoFromLeader } from './cluster-settling.ts';
import { isStreamNotFound } from './connection.ts';

const step = { clock: systemClock, signal: new AbortController().signal };

/** Returns the information on a stream on that many servers. */
const answer = (replicas: number, messages: number, leader?: string) =>
  ({ config: { num_replicas: replicas }, state: { messages }, cluster: { leader } }) as StreamInfo;

/** Returns a function that gives the answers in that order, and repeats the last one. */
function answering(...answers: readonly (StreamInfo | Error)[]) {
  const left = [...answers];
  const info = async () => {
    const next = left.length > 1 ? left.shift() : left[0];
    if (next instanceof Error || next === undefined) throw next;
    return next;
  };
  return { streams: { info } };
}

test.each([
  ['a server without a leader, which holds nothing yet', answer(3, 0)],
  ['nobody', new TimeoutError()],
  [
    'a cluster without a leader',
    new JetStreamApiError({ code: 503, err_code: 10_008, description: 'temporarily unavailable' }),
  ],
])('the leader is waited for while %s answers', async (_, first) => {
  const info = await streamInfoFromLeader(answering(first, answer(3, 2_000, 'n2')), 'PAYMENTS', step);
  expect(info.state.messages).toBe(2_000);
});

test('a stream on one server is as that server says', async () => {
  expect((await streamInfoFromLeader(answering(answer(1, 7)), 'PAYMENTS', step)).state.messages).toBe(7);
});

test('a stream that is not there is said to be not there, at once', async () => {
  const refusal = new JetStreamApiError({ code: 404, err_code: 10_059, description: 'stream not found' });
  const error: unknown = await streamInfoFromLeader(answering(refusal), 'PAYMENTS', step).catch(
    (thrown: unknown) => thrown,
  );
  expect(isStreamNotFound(error)).toBe(true);
});
