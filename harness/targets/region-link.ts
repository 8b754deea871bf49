import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** One way between two regions of a continent, e.g. us-west-2 and us-east-2. */
export const LINK_LATENCY_MS = 25;

/**
 * The line between two regions: a TCP relay that holds every byte back for the latency of a real one. Without it a mirror on the
 * same machine is never behind, and nothing that a drill measures says anything about lag.
 */
export class RegionLink implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Relays what arrives on a free loopback port to `farPort`. */
  static async open(port: number, farPort: number): Promise<RegionLink> {
    const server = createServer();
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
    await listening;
    server.off('error', reject);
    const link = new RegionLink(server, port);
    server.on('connection', (near) => link.#relay(near, farPort));
    return link;
  }

  /** The line is dead: what was under way on it is lost, and nobody gets through until it is mended. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await closed;
  }

  #relay(near: Socket, farPort: number): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = dial({ host: '127.0.0.1', port: farPort });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      // An end that goes away takes the other one with it; why it went does not matter to a line.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    delayed(near, far);
    delayed(far, near);
  }
}

/** Every chunk after the same time, so in the order in which they came. */
function delayed(from: Socket, to: Socket): void {
  from.on('data', (chunk: Buffer) => {
    setTimeout(() => {
      if (to.writable) to.write(chunk);
    }, LINK_LATENCY_MS);
  });
}
