import { once } from 'node:events';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, onFreePorts, requireFree, saysPortTaken } from './ports.ts';

async function occupied(): Promise<number> {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return port;
}

test('hands out ports that differ and that can be listened on', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
});

test('a port that the user chose and that is occupied is named', async () => {
  const port = await occupied();
  await expect(requireFree(port, 'NATS')).rejects.toThrow(`port ${port} on 127.0.0.1 to be free`);
});

test('a server whose port was taken in between is started again on another', async () => {
  const tried: number[] = [];
  const started = await onFreePorts(1, async ([port = 0]) => {
    tried.push(port);
    if (tried.length < 3) throw new Error(`died: listen tcp 127.0.0.1:${port}: bind: address already in use`);
    return port;
  });
  expect(tried).toHaveLength(3);
  expect(new Set(tried).size).toBe(3);
  expect(started).toBe(tried[2]);
});

test('any other failure is not tried again', async () => {
  let tries = 0;
  const failing = onFreePorts(1, async () => {
    tries += 1;
    throw new Error('no such option');
  });
  await expect(failing).rejects.toThrow('no such option');
  expect(tries).toBe(1);
});

test('somebody else’s port in the message does not count as one of ours', () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(port, fc.array(port), (named, ours) => {
      const error = new Error(`listen tcp :${named}: bind: address already in use`);
      expect(saysPortTaken(error, ours)).toBe(ours.includes(named));
    }),
  );
});
