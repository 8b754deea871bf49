import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();
const small = {
  streams: [
    {
      name: 'orders',
      subjects: ['orders.paid'],
      messages: 60,
      headers: true,
      consumer: { durable: 'billing', acknowledged: 0.5 },
    },
  ],
} as const;

async function admin(url: string | undefined) {
  const nc = await connect({ servers: url ?? '' });
  return { jsm: await jetstreamManager(nc), [Symbol.asyncDispose]: () => nc.close() };
}

describe('a rehearsal', () => {
  test('restores into staging beside the living original, and notices what happens to the original', async () => {
    await using drill = await beginDrill(target, 'rehearsal', small);
    const { asset, step } = drill;
    const before = await asset.identify(step);
    const point = await drill.backUp();
    const { NATS_URL: original, STREAMS: stream = '' } = asset.environment();
    await drill.strike();
    expect(asset.environment()['NATS_URL']).not.toBe(original);
    await expect(asset.probe.read(step.signal)).rejects.toThrow('stream not found');
    await drill.restore(point);

    expect((await drill.compare()).firstDifferences).toEqual([]);
    expect(await drill.readMarkers()).toEqual(drill.markers);
    const after = await asset.identify(step);
    for (const [index, { what, value }] of after.entries()) expect(value, what).not.toBe(before[index]?.value);
    expect(await asset.assurances?.(step)).toMatchObject([{ promise: 'untouched', checked: 4, failed: 0 }]);

    await using server = await admin(original);
    await server.jsm.streams.deleteMessage(stream, 7);
    expect(await asset.assurances?.(step)).toMatchObject([
      { failed: 1, observed: [{ what: 'seeded content', held: false }, {}, {}, {}] },
    ]);
    await server.jsm.streams.delete(stream);
    const [gone] = (await asset.assurances?.(step)) ?? [];
    expect(gone?.failed).toBe(3);
  });

  test('proves nothing while the staging server already holds the streams', async () => {
    await using drill = await beginDrill(target, 'rehearsal', small);
    const { asset, step } = drill;
    const point = await drill.backUp();
    await drill.strike();
    await drill.restore(point);
    expect((await asset.proveGone(step)).map(({ gone }) => gone)).toEqual([false]);
  });
});
