import { JetStreamApiError } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { placed } from './placed.ts';

const step = { clock: systemClock, signal: new AbortController().signal };
const refusal = (err_code: number, description: string) => new JetStreamApiError({ code: 400, err_code, description });

test('a stream is made as soon as the cluster has servers enough for it', async () => {
  const answers = ['peer offline', 'peer offline'];
  const make = async () => {
    const why = answers.pop();
    if (why !== undefined) throw refusal(10_005, `no suitable peers for placement, ${why}`);
    return 'made';
  };
  expect(await placed('stream payments', make, step)).toBe('made');
  expect(answers).toEqual([]);
});

test('any other refusal ends the wait at once, and says for what', async () => {
  let asked = 0;
  const make = () => {
    asked += 1;
    return Promise.reject(refusal(10_058, 'stream name already in use with a different configuration'));
  };
  await expect(placed('stream payments', make, step)).rejects.toThrow(/^stream payments: .*name already in use/);
  expect(asked).toBe(1);
});
