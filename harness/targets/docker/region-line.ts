import { Toxiproxy } from 'toxiproxy-node-client';
import { Scope } from '../../base/scope.ts';
import { LINK_LATENCY_MS, type Line } from '../region-pair.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { imageOf } from './settings.ts';
import { ContainerLog, loadContainers, removeContainer, untilStarted } from './start-container.ts';

const API_PORT = 8_474;
const READY_BUDGET_MS = 30_000;
const END_BUDGET_MS = 30_000;

export interface LineOptions {
  /** Name of the container, unique in the daemon. */
  readonly name: string;
  /** Name of the line on the docker network; it listens on the far end's port. */
  readonly alias: string;
  readonly far: { readonly alias: string; readonly port: number };
}

/** Opens the line between two regions: Toxiproxy in a container, which delays every byte in both directions. */
export async function openRegionLine(
  { name, alias, far }: LineOptions,
  context: DockerContext,
  signal: AbortSignal,
): Promise<Line & AsyncDisposable> {
  const { clock, settings, network } = context;
  const { LoopbackContainer, Wait } = await loadContainers();
  signal.throwIfAborted();
  await using undo = new Scope({ what: `line ${name}`, clock });
  const log = new ContainerLog();
  const starting = new LoopbackContainer(imageOf(settings, 'toxiproxy'))
    .withName(name)
    .withLabels({ ...labelsOf(context) })
    .withNetworkMode(network)
    .withNetworkAliases(alias)
    .withExposedPorts(API_PORT)
    .withWaitStrategy(Wait.forHttp('/version', API_PORT))
    .withStartupTimeout(READY_BUDGET_MS)
    .withLogConsumer(log.consume)
    .start();
  const started = await untilStarted(name, starting, log, clock, signal);
  undo.defer(`container ${name}`, (budget) => removeContainer(name, budget), END_BUDGET_MS);
  const toxiproxy = new Toxiproxy(`http://127.0.0.1:${started.getMappedPort(API_PORT)}`);
  const listen = `0.0.0.0:${far.port}`;
  const upstream = `${far.alias}:${far.port}`;
  const proxy = await toxiproxy.createProxy({ name: 'line', listen, upstream });
  for (const stream of ['upstream', 'downstream'] as const) {
    const attributes = { latency: LINK_LATENCY_MS, jitter: 0 };
    await proxy.addToxic({ name: `latency-${stream}`, type: 'latency', stream, toxicity: 1, attributes });
  }
  // Enables or disables the proxy. A disabled proxy closes both ends of each connection; bytes that its toxics still delayed are never
  // sent.
  const enable = async (enabled: boolean) => void (await proxy.update({ enabled, listen: proxy.listen, upstream }));
  const running = undo.handOver();
  return {
    cut: () => enable(false),
    mend: () => enable(true),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
