import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { ExplainedError, messagesOf } from '../model/errors.ts';

// Below every system's range for outgoing connections (32768 on Linux, 49152 elsewhere), so that no client takes the port of a lost server
// before its replacement starts at the same address.
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;
const ATTEMPTS = 5;

const handedOut = new Set<number>();

/**
 * Returns a loopback port on which nothing listens now, and which this process has not returned before. Another process may still take it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
}

/** Starts a server on free ports, and retries on others when another process took one first. Passes on every other failure. */
export async function onFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    try {
      return await start(ports);
    } catch (error) {
      if (attempt === ATTEMPTS || !saysPortTaken(error, ports)) throw error;
    }
  }
}

/**
 * Checks a port that the user chose.
 * @throws {ExplainedError} when something listens on it.
 */
export async function requireFree(port: number, thing: string): Promise<number> {
  if (await isFree(port)) return port;
  throw new ExplainedError({
    thing,
    expected: `port ${port} on 127.0.0.1 to be free`,
    observed: 'another program listens on it',
    nextStep: 'Stop that program, choose another port, or leave the port out to get a free one.',
  });
}

/** Returns true when the error says that an address is in use and, where it names the port, that the port is one of `ports`. */
export function saysPortTaken(error: unknown, ports: readonly number[]): boolean {
  return messagesOf(error).some((message) => {
    if (!/address already in use|EADDRINUSE|port is already allocated/i.test(message)) return false;
    const named = [
      ...message.matchAll(/:(\d+)(?:: (?:bind|listen): address already in use| failed: port is already allocated)/gi),
    ].map(([, port]) => Number(port));
    return named.length === 0 || named.some((port) => ports.includes(port));
  });
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', (error) => {
    if ('code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')) resolve(false);
    else reject(error);
  });
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}
