// Imported only when a container is started: testcontainers takes a noticeable time to load.
import { LocalstackContainer } from '@testcontainers/localstack';
import { GenericContainer, PullPolicy, type StartedTestContainer, Wait } from 'testcontainers';

/** Docker publishes on every interface by default; others must not reach the servers of a drill. */
const LOOPBACK = '127.0.0.1';

type Bindings = Readonly<Record<string, readonly { HostPort?: string }[]>>;

const onLoopback = (bindings: Bindings) =>
  Object.fromEntries(
    Object.entries(bindings).map(([port, hostPorts]) => [
      port,
      hostPorts.map(({ HostPort = '0' }) => ({ HostIp: LOOPBACK, HostPort })),
    ]),
  );

/** A container that publishes its ports on loopback only. The image must be present. */
export class LoopbackContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.withPullPolicy(PullPolicy.neverPull());
  }

  protected override async beforeContainerCreated(): Promise<void> {
    this.hostConfig.PortBindings = onLoopback((this.hostConfig.PortBindings ?? {}) as Bindings);
  }
}

/** testcontainers' LocalStack, published on loopback only. */
export class LoopbackLocalstack extends LocalstackContainer {
  constructor(image: string) {
    super(image);
    this.withPullPolicy(PullPolicy.neverPull());
  }

  protected override async beforeContainerCreated(): Promise<void> {
    await super.beforeContainerCreated();
    this.hostConfig.PortBindings = onLoopback((this.hostConfig.PortBindings ?? {}) as Bindings);
  }
}

export { type StartedTestContainer, Wait };
