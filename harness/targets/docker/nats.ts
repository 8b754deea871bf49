import { waitFor } from '../../wait/wait.ts';
import type { ClusterMembership, ClusterNode } from '../nats-cluster.ts';
import { jetstreamLimits, natsAnswers, natsSettings } from '../nats-monitor.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { docker, unlessGone } from './docker-command.ts';
import { labelArguments } from './labels.ts';
import { ContainerLog, isContainerRunning, loadContainers, removeContainer, untilStarted } from './start-container.ts';

export interface StartedNats extends ClusterNode {
  readonly urlFromPods: string;
  readonly container: string;
  readonly volume: string;
  readonly port: number;
}

const CLIENT_PORT = 4_222;
const MONITOR_PORT = 8_222;
export const ROUTE_PORT = 6_222;
const CONFIG_PATH = '/etc/nats-drill.conf';
const STORAGE_PATH = '/data';
const READY_BUDGET_MS = 30_000;
const END_BUDGET_MS = 30_000;

export interface NatsOptions {
  /** A free one when left out. */
  readonly port?: number;
  /** For a node of a cluster. */
  readonly cluster?: ClusterMembership;
}

/** By this name a server is reached on the docker network. */
export const aliasOf = (label: string): string => `dr-nats-${label}`;

/** Starts a NATS server with JetStream in a container with a volume of its own. */
export async function startNats(
  label: string,
  context: DockerContext,
  signal: AbortSignal,
  { port, cluster }: NatsOptions = {},
): Promise<StartedNats> {
  const start = async (on: number) => await startOn(on, cluster, label, context, signal);
  if (port === undefined) return await onFreePorts(1, ([free = 0]) => start(free));
  return await start(await requireFree(port, `NATS server ${label}`));
}

async function startOn(
  port: number,
  cluster: ClusterMembership | undefined,
  label: string,
  context: DockerContext,
  signal: AbortSignal,
): Promise<StartedNats> {
  const { session, clock, settings, network } = context;
  const container = `dr-${session.id}-nats-${label}`;
  const volume = container;
  const alias = aliasOf(label);
  const labels = labelsOf(context);
  const { LoopbackContainer, Wait } = await loadContainers();
  signal.throwIfAborted();
  await docker(['volume', 'create', ...labelArguments(labels), volume], signal);
  const log = new ContainerLog();
  const starting = new LoopbackContainer(settings.images.nats)
    .withName(container)
    .withLabels({ ...labels })
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withBindMounts([{ source: volume, target: STORAGE_PATH }])
    .withCopyContentToContainer([{ content: configuration(container, cluster), target: CONFIG_PATH }])
    .withCommand(['--config', CONFIG_PATH])
    .withExposedPorts({ container: CLIENT_PORT, host: port }, MONITOR_PORT)
    // Not the default wait: that wants a shell, which the official image has not.
    .withWaitStrategy(Wait.forHttp('/healthz?js-enabled-only=true', MONITOR_PORT))
    .withStartupTimeout(READY_BUDGET_MS)
    .withLogConsumer(log.consume)
    .start();
  const started = await untilStarted(container, starting, log, clock, signal);
  const monitorUrl = `http://127.0.0.1:${started.getMappedPort(MONITOR_PORT)}`;
  const state = await waitFor(natsAnswers(monitorUrl, container), clock, signal);
  return {
    serverName: container,
    monitorUrl,
    url: `nats://127.0.0.1:${port}`,
    urlFromPods: `nats://${alias}:${CLIENT_PORT}`,
    settings: { ...natsSettings(state), 'nats storage': 'docker volume' },
    container,
    volume,
    port,
    [Symbol.asyncDispose]: async () => {
      const budget = AbortSignal.timeout(END_BUDGET_MS);
      await removeContainer(container, budget);
      await unlessGone(docker(['volume', 'rm', '--force', volume], budget));
    },
  };
}

/** Kills the server without a chance to sync and removes what it stored. @returns exactly what was done. */
export async function loseNats(server: StartedNats): Promise<string> {
  await docker(['kill', '--signal', 'KILL', server.container], AbortSignal.timeout(END_BUDGET_MS));
  await server[Symbol.asyncDispose]();
  return 'container killed with SIGKILL, page cache kept (not a power loss), container and its JetStream volume removed';
}

export const isNatsAlive = async ({ container }: StartedNats): Promise<boolean> =>
  await isContainerRunning(container, AbortSignal.timeout(END_BUDGET_MS));

/** The server reads JSON as its own configuration language. */
function configuration(serverName: string, cluster: ClusterMembership | undefined): string {
  return JSON.stringify({
    server_name: serverName,
    listen: `0.0.0.0:${CLIENT_PORT}`,
    http: `0.0.0.0:${MONITOR_PORT}`,
    jetstream: { store_dir: STORAGE_PATH, ...jetstreamLimits },
    ...(cluster === undefined ? {} : { cluster }),
  });
}
