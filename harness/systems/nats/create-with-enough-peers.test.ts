import { JetStreamApiError } from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { ManualClock } from '../../clock/testing/manual-clock.ts';
import { createWithEnoughPeers } from './cluster-settling.ts';

const clock = new ManualClock();
const step = { clock, signal: new AbortController().signal };
const refusal = (err_code: number, description: string) => new JetStreamApiError({ code: 400, err_code, description });

test('a stream is made as soon as the cluster has servers enough for it', async () => {
  const answers = ['peer offline', 'peer offline'];
  const make = async () => {
    const why = answers.pop();
    if (why !== undefined) throw refusal(10_005, `no suitable peers for placement, ${why}`);
    return 'made';
  };
  expect(await clock.drive(createWithEnoughPeers('stream payments', make, step))).toBe('made');
  expect(answers).toEqual([]);
});

test.each([
  ['has no leader', refusal(10_008, 'JetStream system temporarily unavailable')],
  ['does not answer', new TimeoutError()],
])('B22: a stream is made as soon as the cluster that %s answers', async (_, said) => {
  const answers = [said, said];
  const make = async () => {
    const why = answers.pop();
    if (why !== undefined) throw why;
    return 'made';
  };
  expect(await clock.drive(createWithEnoughPeers('stream payments', make, step))).toBe('made');
  expect(answers).toEqual([]);
});

test('any other refusal ends the wait at once, and says for what', async () => {
  let asked = 0;
  const make = () => {
    asked += 1;
    return Promise.reject(refusal(10_058, 'stream name already in use with a different configuration'));
  };
  await expect(clock.drive(createWithEnoughPeers('stream payments', make, step))).rejects.toThrow(
    /^stream payments: .*name already in use/,
  );
  expect(asked).toBe(1);
});
