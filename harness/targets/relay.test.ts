import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './ports.ts';
import { Relay } from './relay.ts';

const LATENCY_MS = 40;

interface Far {
  readonly server: Server;
  readonly received: Buffer[];
}

const LONG = 'x'.repeat(300_000);

/** Starts a server that keeps the received data, and sends a long answer before it closes the connection. */
async function startFar(): Promise<{ readonly far: Far; readonly port: number }> {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => {
      received.push(chunk);
      socket.end(LONG);
    });
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { far: { server, received }, port };
}

async function open(latencyMs?: number) {
  const { far, port: farPort } = await startFar();
  const port = await freePort();
  const to = { host: '127.0.0.1', port: farPort };
  const relay = await Relay.open({ port, to, ...(latencyMs === undefined ? {} : { latencyMs }) });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return { relay, port, far };
}

/** Reads everything until the connection ends in any way. */
async function hear(socket: Socket): Promise<string> {
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  socket.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('close', () => resolve(heard));
  return await promise;
}

async function ask(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write('anybody?');
  return await hear(socket);
}

test('it carries an answer whole to its end, and nobody gets through while it is cut', async () => {
  const { relay, port, far } = await open();
  expect(await ask(port)).toBe(LONG);
  await relay.cut();
  expect(await ask(port)).toBe('');
  expect(far.received).toHaveLength(1);
  await relay.mend();
  expect(await ask(port)).toBe(LONG);
});

test('a latency holds everything back each way, and no end overtakes what was said before it', async () => {
  const { port } = await open(LATENCY_MS);
  const beganMs = performance.now();
  expect(await ask(port)).toBe(LONG);
  // A timer of Node may fire a millisecond early.
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(2 * LATENCY_MS - 2);
});

test('what is under way when it is cut is lost', async () => {
  const { relay, port, far } = await open(LATENCY_MS);
  const socket = connect({ host: '127.0.0.1', port });
  const heard = hear(socket);
  const { promise: over, resolve: isOver } = Promise.withResolvers<void>();
  far.server.once('connection', (carried) => carried.once('close', () => isOver()));
  await Promise.all([once(far.server, 'connection'), once(socket, 'connect')]);
  await new Promise<unknown>((resolve) => socket.write('under way', resolve));
  await relay.cut();
  // After the far end's connection has ended, no more data can arrive.
  await Promise.all([heard, over]);
  expect(far.received).toEqual([]);
});
