import {
  type ConsumerInfo,
  JetStreamApiError,
  type JetStreamManager,
  type StoredMsg,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { Step } from '../../model/step.ts';
import { alterPlaces } from './alter.ts';
import type { MadeStream } from './names.ts';
import { knownMessages } from './probe.ts';

const step = {
  clock: systemClock,
  signal: new AbortController().signal,
  progress: (_: string) => undefined,
} as Step;
const place = {
  kind: 'stream',
  stream: 'PAYMENTS',
  label: 'stream payments',
  subjects: ['paid'],
  content: { retention: 'limits', consumers: [{ durable: 'ledger', acknowledged: 0 }] },
} as unknown as MadeStream;
const message = { seq: 9, subject: 'paid', data: new Uint8Array() } as StoredMsg;

/** Each answer once, the last one again and again. */
function inTurn<T>(...answers: readonly (T | Error)[]): () => Promise<T> {
  const left = [...answers];
  return async () => {
    const next = left.length > 1 ? left.shift() : left[0];
    if (next === undefined || next instanceof Error) throw next ?? new Error('no answer is left');
    return next;
  };
}

const answer = (messages: number, leader?: string) =>
  ({
    config: { num_replicas: 3, max_msgs_per_subject: 1 },
    state: { messages, last_seq: messages === 0 ? 0 : 9 },
    cluster: { leader },
  }) as StreamInfo;

test('the probe learns what to read from whoever leads the stream, not from an empty copy', async () => {
  const streams = { info: inTurn(answer(0), answer(9, 'n2')), getMessage: async () => message };

  const [known] = await knownMessages([place], { streams }, step);

  expect(known).toMatchObject({ kind: 'message', sequence: 9, subject: 'paid' });
});

test('a consumer that elects its leader is asked again: that is no refusal of the change', async () => {
  const electing = new JetStreamApiError({ code: 503, err_code: 10_008, description: 'temporarily unavailable' });
  const position = { delivered: { stream_seq: 3 } } as ConsumerInfo;
  const jsm = {
    streams: { info: inTurn(answer(9, 'n2')), deleteMessage: async (_stream: string, _sequence: number) => true },
    consumers: { info: inTurn<ConsumerInfo>(electing, position) },
  } as unknown as JetStreamManager;
  const known = [{ kind: 'message', place, sequence: 9, subject: 'paid', payloadDigest: '' }] as const;

  const changes = await alterPlaces([place], { nc: {} as NatsConnection, jsm, known, drillId: 'd1', step });

  expect(changes).toEqual(['stream payments: message 8 deleted']);
});
