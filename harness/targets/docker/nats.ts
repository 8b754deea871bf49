import type { NatsServerSettings } from '../../systems/nats/service.ts';
import type { ClusterMembership, ClusterNode } from '../nats-cluster.ts';
import { serverSettings } from '../nats-monitor.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import type { DockerContext } from './context.ts';
import {
  CLIENT_PORT,
  isNatsContainerAlive,
  killNatsContainer,
  MONITOR_PORT,
  removeNatsContainer,
  removeNatsVolume,
  runNatsContainer,
  STORAGE_PATH,
} from './nats-container.ts';

export interface StartedNats extends ClusterNode {
  readonly urlFromPods: string;
  /** Name of the container and of its volume. */
  readonly container: string;
  readonly port: number;
}

export const ROUTE_PORT = 6_222;

export interface NatsOptions {
  /** A free port when left out. */
  readonly port?: number;
  /** For a node of a cluster. */
  readonly cluster?: ClusterMembership;
  readonly settings?: NatsServerSettings | undefined;
}

/** Returns the name of a server on the docker network. */
export const aliasOf = (label: string): string => `dr-nats-${label}`;

/** Starts a NATS server with JetStream in a container with a volume of its own. */
export async function startNats(
  label: string,
  context: DockerContext,
  signal: AbortSignal,
  { port, ...options }: NatsOptions = {},
): Promise<StartedNats> {
  const start = async (on: number) => await startOn(on, options, label, context, signal);
  if (port === undefined) return await onFreePorts(1, ([free = 0]) => start(free));
  return await start(await requireFree(port, `NATS server ${label}`));
}

async function startOn(
  port: number,
  options: Omit<NatsOptions, 'port'>,
  label: string,
  context: DockerContext,
  signal: AbortSignal,
): Promise<StartedNats> {
  const container = `dr-${context.session.id}-nats-${label}`;
  const alias = aliasOf(label);
  const { monitorUrl, settings } = await runNatsContainer(
    { name: container, alias, port, configuration: configuration(container, options) },
    context,
    signal,
  );
  return {
    serverName: container,
    monitorUrl,
    url: `nats://127.0.0.1:${port}`,
    urlFromPods: `nats://${alias}:${CLIENT_PORT}`,
    settings,
    container,
    port,
    [Symbol.asyncDispose]: async () => {
      await removeNatsContainer(container);
      await removeNatsVolume(container);
    },
  };
}

/** Kills the server without a chance to sync and removes its storage. @returns exactly what was done. */
export async function loseNats({ container }: StartedNats): Promise<string> {
  await killNatsContainer(container);
  await removeNatsVolume(container);
  return 'container killed with SIGKILL, page cache kept (not a power loss), container and its JetStream volume removed';
}

export const isNatsAlive = async ({ container }: StartedNats): Promise<boolean> =>
  await isNatsContainerAlive(container);

/** Returns the configuration as JSON, which the server reads as its own configuration language. */
function configuration(serverName: string, { cluster, settings }: Omit<NatsOptions, 'port'>): string {
  const { jetstream, ...others } = serverSettings(settings);
  return JSON.stringify({
    server_name: serverName,
    listen: `0.0.0.0:${CLIENT_PORT}`,
    http: `0.0.0.0:${MONITOR_PORT}`,
    ...others,
    jetstream: { store_dir: STORAGE_PATH, ...jetstream },
    ...(cluster === undefined ? {} : { cluster }),
  });
}
