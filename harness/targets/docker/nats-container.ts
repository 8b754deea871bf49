import { waitFor } from '../../wait/wait.ts';
import { natsAnswers, natsSettings } from '../nats-monitor.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { docker, dockerLines, unlessGone } from './docker-command.ts';
import { labelArguments } from './labels.ts';
import { imageOf } from './settings.ts';
import { ContainerLog, isContainerRunning, loadContainers, removeContainer, untilStarted } from './start-container.ts';

export const CLIENT_PORT = 4_222;
export const MONITOR_PORT = 8_222;
/** Mount point of the volume. */
export const STORAGE_PATH = '/data';
const CONFIG_PATH = '/etc/nats-drill.conf';
const CONFIG_FOLDER = '/etc/nats-drill';
const READY_BUDGET_MS = 30_000;
const END_BUDGET_MS = 30_000;

export interface NatsContainerOptions {
  /** Name of the container, of its volume, and of the server in it. */
  readonly name: string;
  readonly alias: string;
  /** On this machine's 127.0.0.1. */
  readonly port: number;
  /** The text itself, or a file in a folder of this machine; the server may also read the other files of that folder. */
  readonly configuration: string | { readonly folder: string; readonly file: string };
}

/** A NATS server in a container, whose volume outlives it. */
export interface NatsContainer {
  readonly monitorUrl: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts a NATS server in a container. Data of an existing volume is kept. */
export async function runNatsContainer(
  { name, alias, port, configuration }: NatsContainerOptions,
  context: DockerContext,
  signal: AbortSignal,
): Promise<NatsContainer> {
  const { clock, settings, network } = context;
  const labels = labelsOf(context);
  const { LoopbackContainer, Wait } = await loadContainers();
  signal.throwIfAborted();
  await docker(['volume', 'create', ...labelArguments(labels), name], signal);
  const log = new ContainerLog();
  const own = typeof configuration === 'string' ? [{ content: configuration, target: CONFIG_PATH }] : [];
  const shared =
    typeof configuration === 'string'
      ? []
      : [{ source: configuration.folder, target: CONFIG_FOLDER, mode: 'ro' as const }];
  const path = typeof configuration === 'string' ? CONFIG_PATH : `${CONFIG_FOLDER}/${configuration.file}`;
  const starting = new LoopbackContainer(imageOf(settings, 'nats'))
    .withName(name)
    .withLabels({ ...labels })
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withBindMounts([{ source: name, target: STORAGE_PATH }, ...shared])
    .withCopyContentToContainer(own)
    .withCommand(['--config', path])
    .withExposedPorts({ container: CLIENT_PORT, host: port }, MONITOR_PORT)
    // The default wait needs a shell, which the official image lacks.
    .withWaitStrategy(Wait.forHttp('/healthz?js-enabled-only=true', MONITOR_PORT))
    .withStartupTimeout(READY_BUDGET_MS)
    .withLogConsumer(log.consume)
    .start();
  const started = await untilStarted(name, starting, log, clock, signal);
  const monitorUrl = `http://127.0.0.1:${started.getMappedPort(MONITOR_PORT)}`;
  const state = await waitFor(natsAnswers(monitorUrl, name), clock, signal);
  return { monitorUrl, settings: { ...natsSettings(state), 'nats storage': 'docker volume' } };
}

/** Kills the server immediately and removes its container. Its volume stays. */
export async function killNatsContainer(name: string): Promise<void> {
  const budget = AbortSignal.timeout(END_BUDGET_MS);
  await docker(['kill', '--signal', 'KILL', name], budget);
  await removeContainer(name, budget);
}

export async function removeNatsContainer(name: string): Promise<void> {
  await removeContainer(name, AbortSignal.timeout(END_BUDGET_MS));
}

export async function removeNatsVolume(name: string): Promise<void> {
  await unlessGone(docker(['volume', 'rm', '--force', name], AbortSignal.timeout(END_BUDGET_MS)));
}

export async function isNatsVolumeThere(name: string): Promise<boolean> {
  const volumes = await dockerLines(
    ['volume', 'ls', '--quiet', '--filter', `name=^${name}$`],
    AbortSignal.timeout(END_BUDGET_MS),
  );
  return volumes.length > 0;
}

export const isNatsContainerAlive = async (name: string): Promise<boolean> =>
  await isContainerRunning(name, AbortSignal.timeout(END_BUDGET_MS));
