import { createServer, connect as dial, type Server, type Socket } from 'node:net';

export interface RelayOptions {
  /** On loopback. */
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
  /** Delay of every byte, each way; 0 when left out. */
  readonly latencyMs?: number;
}

/**
 * A TCP relay that can be cut. With a latency it is the line between two regions. Without one, a mirror on the same machine is never
 * behind, and a drill's measurements say nothing about lag.
 */
export class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: RelayOptions;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server, options: RelayOptions) {
    this.#server = server;
    this.#options = options;
  }

  static async open(options: RelayOptions): Promise<Relay> {
    const server = createServer();
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: options.port, exclusive: true }, resolve);
    await listening;
    server.off('error', reject);
    const relay = new Relay(server, options);
    server.on('connection', (near) => relay.#relay(near));
    return relay;
  }

  /** Cuts the line: data in transit is lost, and no connection works until the line is mended. */
  async cut(): Promise<void> {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async mend(): Promise<void> {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await closed;
  }

  #relay(near: Socket): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const { to, latencyMs = 0 } = this.#options;
    const far = dial(to);
    // Delays everything by the same time, including the end of a connection, so that the order is kept.
    const later = (work: () => void) => (latencyMs > 0 ? void setTimeout(work, latencyMs) : work());
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      // When one end closes, the other one is closed after it has received its data; the reason does not matter to a line.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        later(() => other.destroySoon());
      });
      if (latencyMs > 0) socket.on('data', (chunk: Buffer) => later(() => other.writable && other.write(chunk)));
      else socket.pipe(other);
    }
  }
}
