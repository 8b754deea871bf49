import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../clock/clock.ts';
import type { SeedMessage } from './content.ts';
import { publishMany } from './publish-many.ts';

type Answer = (error: Error | null, answer: { data: Uint8Array }) => void;
const messages = (count: number): SeedMessage[] =>
  Array.from({ length: count }, () => ({ subject: 'a', payload: new Uint8Array(3), headers: undefined }));

/** Returns a fake connection for publishing. It acknowledges in turns of the event loop until `answers` returns undefined. */
function connection(answers: (sequence: number) => object | undefined) {
  let answer: Answer = () => undefined;
  const seen = { sent: 0, answered: 0, mostOutstanding: 0, unsubscribed: false };
  const subscription: Partial<Subscription> = { unsubscribe: () => Object.assign(seen, { unsubscribed: true }) };
  const nc: Partial<NatsConnection> = {
    subscribe: (_subject, options) => {
      answer = options?.callback as unknown as Answer;
      return subscription as Subscription;
    },
    publish: () => {
      const sequence = ++seen.sent;
      seen.mostOutstanding = Math.max(seen.mostOutstanding, seen.sent - seen.answered);
      const data = answers(sequence);
      if (data === undefined) return;
      setImmediate(() => {
        seen.answered += 1;
        answer(null, { data: data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data)) });
      });
    },
  };
  return { nc: nc as NatsConnection, seen };
}

/** A clock whose pauses end after one turn of the event loop, so a stall of 15 s takes no time. */
const hasty: Clock = {
  monotonicMs: () => 0,
  now: () => ({ utc: '', monotonicMs: 0 }),
  pause: (_durationMs, signal) =>
    new Promise((resolve, reject) => {
      setTimeout(() => (signal.aborted ? reject(signal.reason) : resolve()), 20);
    }),
};
const step = (signal = new AbortController().signal) => ({ clock: hasty, signal });
const stored = (sequence: number) => ({ stream: 's', seq: sequence });

describe('publishing a seed', () => {
  it('waits for every acknowledgement, with no more than a thousand outstanding', async () => {
    const { nc, seen } = connection(stored);
    expect(await publishMany(nc, messages(5_000), step())).toEqual({ messages: 5_000, bytes: 15_000 });
    expect(seen).toMatchObject({ sent: 5_000, answered: 5_000, mostOutstanding: 1_000, unsubscribed: true });
  });

  it('says that no stream listens when the server says no more than that', async () => {
    const { nc } = connection(() => new Uint8Array());
    await expect(publishMany(nc, messages(5), step())).rejects.toThrow('not stored: no stream listens');
  });

  it('says how far it came when the acknowledgements stop', async () => {
    const { nc, seen } = connection((sequence) => (sequence > 2_000 ? undefined : stored(sequence)));
    await expect(publishMany(nc, messages(5_000), step())).rejects.toThrow(
      /an acknowledgement within 15 s, but 2000 of \d+ messages were acknowledged, then none/,
    );
    expect(seen.unsubscribed).toBe(true);
  });

  it('ends with the first refusal', async () => {
    const refused = { error: { code: 503, err_code: 10_077, description: 'maximum messages exceeded' } };
    const { nc } = connection((sequence) => (sequence === 700 ? refused : stored(sequence)));
    await expect(publishMany(nc, messages(5_000), step())).rejects.toThrow(/maximum messages exceeded.*10077/);
  });

  it('ends when its caller gives up, with the reason', async () => {
    const { nc } = connection(() => undefined);
    const controller = new AbortController();
    const publishing = publishMany(nc, messages(5_000), { ...step(), signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(publishing).rejects.toThrow('enough');
  });
});
