import { connect as connectTcp } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { systemClock } from '../../clock/clock.ts';
import type { Capability } from '../../model/service.ts';
import type { Toolchain } from '../../model/target.ts';
import { obtainToolchain } from '../../toolchain/obtain.ts';
import { localToolNames } from '../../toolchain/recipes.ts';
import { type StartedTarget, startTarget } from '../start.ts';
import { strayProcesses } from '../stray.ts';
import { asProcesses } from './runtime.ts';

/** Never aborts: the test's own time limit ends it. */
export const patient = new AbortController().signal;

export const testToolchain = (): Promise<Toolchain> =>
  obtainToolchain(localToolNames, { clock: systemClock, signal: patient, progress: () => undefined });

export async function startParts(toolchain: Toolchain, ...parts: Capability[]): Promise<StartedTarget> {
  const step = { clock: systemClock, signal: patient, progress: () => undefined };
  return await startTarget(asProcesses(), { toolchain, parts, ...step });
}

/** Returns true when that address accepts connections. */
export async function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectTcp({ host: hostname, port: Number(port) });
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Returns the names of the streams that the server at `url` holds. */
export async function streamNames(url: string): Promise<string[]> {
  const connection = await connect({ servers: url, reconnect: false });
  try {
    return await Array.fromAsync((await jetstreamManager(connection)).streams.names());
  } finally {
    await connection.close();
  }
}

/** Returns the pids of the processes that still belong to the session in that folder. */
export const processesLeft = (sessionDir: string): number[] => strayProcesses(sessionDir);
