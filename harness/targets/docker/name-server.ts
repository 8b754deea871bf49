import { Scope } from '../../base/scope.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { waitFor } from '../../wait/wait.ts';
import { onFreePorts } from '../ports.ts';
import { PRIMARY_REGION } from '../region-config.ts';
import { corefile, dnsEnvironment, type HostedName, nameAnswers } from '../region-name.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { S3_ON_NETWORK } from './s3.ts';
import { imageOf } from './settings.ts';
import { ContainerLog, loadContainers, removeContainer, untilStarted } from './start-container.ts';

/** Not 53: the image's user may not listen on that port. */
const PORT = 5_300;
const CONFIG_PATH = '/etc/Corefile';
const READY_BUDGET_MS = 30_000;
const END_BUDGET_MS = 30_000;

export interface StartedNameServer extends AsyncDisposable {
  /** `host:port`, over UDP and TCP. */
  readonly server: string;
}

/** Starts CoreDNS in a container; it reads the name's zone from Route 53 on the docker network. */
export async function startNameServer(
  container: string,
  name: HostedName,
  s3: S3Place,
  context: DockerContext,
  signal: AbortSignal,
): Promise<StartedNameServer> {
  const { clock, settings, network } = context;
  const { LoopbackContainer, Wait } = await loadContainers();
  const content = corefile(name.zone, name.hostedZoneId, { host: '0.0.0.0', port: PORT });
  const port = await onFreePorts(1, async ([host = 0]) => {
    signal.throwIfAborted();
    const log = new ContainerLog();
    const starting = new LoopbackContainer(imageOf(settings, 'coredns'))
      .withName(container)
      .withLabels({ ...labelsOf(context) })
      .withNetworkMode(network)
      .withEnvironment(dnsEnvironment(s3, S3_ON_NETWORK))
      .withCopyContentToContainer([{ content, target: CONFIG_PATH }])
      .withCommand(['-conf', CONFIG_PATH])
      .withExposedPorts({ container: PORT, host, protocol: 'udp' }, { container: PORT, host, protocol: 'tcp' })
      // The default wait needs a shell, which the image lacks.
      .withWaitStrategy(Wait.forLogMessage(/CoreDNS-/))
      .withStartupTimeout(READY_BUDGET_MS)
      .withLogConsumer(log.consume)
      .start();
    await untilStarted(container, starting, log, clock, signal);
    return host;
  });
  await using undo = new Scope({ what: `name server ${container}`, clock });
  undo.defer(`container ${container}`, (budget) => removeContainer(container, budget), END_BUDGET_MS);
  const server = `127.0.0.1:${port}`;
  await waitFor(nameAnswers(server, name.service, name.recordOf(PRIMARY_REGION)), clock, signal);
  const running = undo.handOver();
  return { server, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}
