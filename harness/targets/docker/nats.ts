import { waitFor } from '../../wait/wait.ts';
import { jetstreamLimits, natsAnswers, natsSettings } from '../nats-monitor.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { docker, unlessGone } from './docker-command.ts';
import { labelArguments } from './labels.ts';
import { isContainerRunning, loadContainers, removeContainer, untilStarted } from './start-container.ts';

export interface StartedNats extends AsyncDisposable {
  readonly url: string;
  readonly urlFromPods: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly container: string;
  readonly volume: string;
  readonly port: number;
}

const CLIENT_PORT = 4_222;
const MONITOR_PORT = 8_222;
const CONFIG_PATH = '/etc/nats-drill.conf';
const STORAGE_PATH = '/data';
const READY_BUDGET_MS = 30_000;
const END_BUDGET_MS = 30_000;

/** Starts a NATS server with JetStream in a container with a volume of its own, on `port` or on a free one. */
export async function startNats(
  label: string,
  context: DockerContext,
  signal: AbortSignal,
  port?: number,
): Promise<StartedNats> {
  if (port === undefined) return await onFreePorts(1, ([free = 0]) => startOn(free, label, context, signal));
  return await startOn(await requireFree(port, `NATS server ${label}`), label, context, signal);
}

async function startOn(port: number, label: string, context: DockerContext, signal: AbortSignal): Promise<StartedNats> {
  const { session, clock, settings, network } = context;
  const container = `dr-${session.id}-nats-${label}`;
  const volume = container;
  const alias = `dr-nats-${label}`;
  const labels = labelsOf(context);
  const { LoopbackContainer, Wait } = await loadContainers();
  signal.throwIfAborted();
  await docker(['volume', 'create', ...labelArguments(labels), volume], signal);
  const starting = new LoopbackContainer(settings.images.nats)
    .withName(container)
    .withLabels({ ...labels })
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withBindMounts([{ source: volume, target: STORAGE_PATH }])
    .withCopyContentToContainer([{ content: configuration(container), target: CONFIG_PATH }])
    .withCommand(['--config', CONFIG_PATH])
    .withExposedPorts({ container: CLIENT_PORT, host: port }, MONITOR_PORT)
    // Not the default wait: that wants a shell, which the official image has not.
    .withWaitStrategy(Wait.forHttp('/healthz?js-enabled-only=true', MONITOR_PORT))
    .withStartupTimeout(READY_BUDGET_MS)
    .start();
  const started = await untilStarted(container, starting, clock, signal);
  const monitorUrl = `http://127.0.0.1:${started.getMappedPort(MONITOR_PORT)}`;
  const state = await waitFor(natsAnswers(monitorUrl, container), clock, signal);
  return {
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
function configuration(serverName: string): string {
  return JSON.stringify({
    server_name: serverName,
    listen: `0.0.0.0:${CLIENT_PORT}`,
    http: `0.0.0.0:${MONITOR_PORT}`,
    jetstream: { store_dir: STORAGE_PATH, ...jetstreamLimits },
  });
}
