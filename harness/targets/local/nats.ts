import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartedProcess } from '../../process/supervised.ts';
import type { NatsServerSettings } from '../../systems/nats/service.ts';
import type { ClusterMembership } from '../nats-cluster.ts';
import { natsAnswers, natsSettings, serverSettings } from '../nats-monitor.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import { type LocalContext, startProgram } from './program.ts';

interface NatsAddress {
  readonly serverName: string;
  readonly url: string;
  readonly monitorUrl: string;
  readonly settings: Readonly<Record<string, string>>;
}

export interface StartedNats extends NatsAddress, AsyncDisposable {
  readonly process: StartedProcess;
  readonly port: number;
  readonly monitorPort: number;
  readonly storageDir: string;
}

export interface NatsOptions {
  /** A free port when left out. */
  readonly port?: number;
  /** The same as before for a server that replaces another; a free port when left out. */
  readonly monitorPort?: number;
  /** For a node of a cluster. */
  readonly cluster?: ClusterMembership;
  readonly settings?: NatsServerSettings | undefined;
}

/**
 * Starts a NATS server with JetStream, on `port` or on a free one, with its storage in the session's folder.
 * @throws {ExplainedError} when `port` is occupied.
 */
export async function startNats(
  label: string,
  context: LocalContext,
  signal: AbortSignal,
  { port, monitorPort, cluster, settings }: NatsOptions = {},
): Promise<StartedNats> {
  const start = async (client: number, monitor: number) =>
    await startOn({ port: client, monitorPort: monitor, cluster, settings }, label, context, signal);
  if (port === undefined) return await onFreePorts(2, ([client = 0, monitor = 0]) => start(client, monitor));
  await requireFree(port, `NATS server ${label}`);
  if (monitorPort !== undefined) return await start(port, await requireFree(monitorPort, `NATS server ${label}`));
  return await onFreePorts(1, ([monitor = 0]) => start(port, monitor));
}

async function startOn(
  { port, monitorPort, cluster, settings }: Omit<ServerConfiguration, 'serverName' | 'storageDir'>,
  label: string,
  context: LocalContext,
  signal: AbortSignal,
): Promise<StartedNats> {
  const { session } = context;
  const name = `nats-${label}`;
  const serverName = `drc-${session.id}-${label}`;
  const storageDir = session.folder('nats', label, 'storage');
  const configPath = join(session.folder('nats', label), 'server.conf');
  await writeFile(configPath, configuration({ serverName, port, monitorPort, storageDir, cluster, settings }), {
    mode: 0o600,
  });
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const starting = await startProgram(
    { name, tool: 'nats-server', args: ['--config', configPath], ending: 'graceful' },
    context,
  );
  const { process, value } = await starting.untilServing(natsAnswers(monitorUrl, serverName), signal);
  return {
    process,
    serverName,
    port,
    monitorPort,
    storageDir,
    url: `nats://127.0.0.1:${port}`,
    monitorUrl,
    settings: natsSettings(value),
    [Symbol.asyncDispose]: async () => {
      await process.stop();
    },
  };
}

/** Kills the server without a chance to sync and removes its storage. @returns exactly what was done. */
export async function loseNats(server: StartedNats): Promise<string> {
  await server.process.kill();
  await rm(server.storageDir, { recursive: true, force: true });
  return 'process killed with SIGKILL, page cache kept (not a power loss), JetStream storage folder removed';
}

interface ServerConfiguration {
  readonly serverName: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly storageDir: string;
  readonly cluster: ClusterMembership | undefined;
  readonly settings: NatsServerSettings | undefined;
}

/** Returns the configuration as JSON, which the server reads as its own configuration language. */
function configuration({ serverName, port, monitorPort, storageDir, cluster, settings }: ServerConfiguration): string {
  const { jetstream, ...others } = serverSettings(settings);
  return JSON.stringify(
    {
      server_name: serverName,
      listen: `127.0.0.1:${port}`,
      http: `127.0.0.1:${monitorPort}`,
      ...others,
      jetstream: { store_dir: storageDir, ...jetstream },
      ...(cluster === undefined ? {} : { cluster }),
    },
    undefined,
    2,
  );
}
