import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AssetProbe } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { isJsonArray, isJsonObject, type ManifestObject, manifestObject, sha256, toJson } from './objects.ts';
import type { ServiceOptions } from './options.ts';
import type { ExposedPort } from './service.ts';
import type { Volumes } from './volumes/volumes.ts';

const READY_BUDGET_MS = 300_000;

/** Name of the entry that is written through the service before the backup. */
const SEED = 'dr-seed';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The service under contract, called from outside the cluster over a new connection each time, like a new user. */
export class HttpService implements AsyncDisposable {
  readonly #options: ServiceOptions;
  readonly #port: ExposedPort;
  #expected: string | undefined;
  #writes = 0;

  constructor(options: ServiceOptions, port: ExposedPort) {
    this.#options = options;
    this.#port = port;
  }

  /** Returns the object to create: the Service gets the node port for access from outside. */
  exposed(object: ManifestObject): ManifestObject {
    return withNodePort(object, this.#options.name, this.#port.nodePort);
  }

  /** Waits until the service is ready, and keeps its current answer as the expected one after the disaster. */
  async begin(step: Step): Promise<void> {
    await waitFor(
      {
        for: `service ${this.#options.name} to be ready`,
        budgetMs: READY_BUDGET_MS,
        intervalMs: 200,
        look: async (signal) => {
          const { status, body } = await this.#ask('GET', this.#options.ready, signal);
          return status === 200 ? arrived(undefined) : notYet(`it answers ${status}: ${body.slice(0, 200)}`);
        },
      },
      step.clock,
      step.signal,
    );
    const { status, body } = await this.#ask('GET', this.#options.reads, step.signal);
    if (status !== 200 || body === '')
      throw new Error(`${this.#options.reads} answers ${status}, ${body.length} characters`);
    this.#expected = sha256(body);
    if (this.#options.writes !== undefined) await this.#put(SEED, this.#options.writes, step.signal);
  }

  /** Checks that the service is live and ready, answers as before the disaster, and returns the entry from the beginning of the drill. */
  async probeRead(signal: AbortSignal): Promise<void> {
    const { live, ready, reads, writes } = this.#options;
    if (this.#expected === undefined) throw new Error('the service was not seeded yet');
    for (const path of [live, ready]) {
      const { status, body } = await this.#ask('GET', path, signal);
      if (status !== 200) throw new Error(`${path} answers ${status}: ${body.slice(0, 200)}`);
    }
    const { status, body } = await this.#ask('GET', reads, signal);
    if (status !== 200) throw new Error(`${reads} answers ${status}`);
    // The answer may be confidential: it is compared, and never shown.
    if (sha256(body) !== this.#expected) throw new Error(`${reads} gives another answer than when it was seeded`);
    if (writes !== undefined) await this.#get(SEED, writes, signal);
  }

  /** Writes something new through the service, if it takes writes, and reads it back. */
  async probeWrite(signal: AbortSignal): Promise<void> {
    const { writes } = this.#options;
    if (writes === undefined) return;
    this.#writes += 1;
    const id = `dr-probe-${this.#writes}`;
    await this.#put(id, writes, signal);
    await this.#get(id, writes, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#port[Symbol.asyncDispose]();
  }

  async #put(id: string, writes: string, signal: AbortSignal): Promise<void> {
    const path = `${writes}/${id}`;
    const { status, body } = await this.#ask('PUT', path, signal, bodyOf(id));
    if (status < 200 || status >= 300) throw new Error(`PUT ${path} answers ${status}: ${body.slice(0, 200)}`);
  }

  async #get(id: string, writes: string, signal: AbortSignal): Promise<void> {
    const path = `${writes}/${id}`;
    const { status, body } = await this.#ask('GET', path, signal);
    if (status !== 200) throw new Error(`GET ${path} answers ${status}: ${body.slice(0, 200)}`);
    if (body !== bodyOf(id)) throw new Error(`GET ${path} does not give back what was written`);
  }

  async #ask(method: 'GET' | 'PUT', path: string, signal: AbortSignal, body?: string): Promise<Answer> {
    const { host, port } = this.#port;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const asked = request({ host, port, path, method, signal, agent: false }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    asked.once('error', reject);
    asked.end(body);
    return await promise;
  }
}

function bodyOf(id: string): string {
  return JSON.stringify({ id, written: 'by dr-contracts' });
}

/**
 * Returns the Service of that name with the node port on its first port, and any other object unchanged.
 * @throws {ExplainedError} for a Service without node ports.
 */
export function withNodePort(object: ManifestObject, service: string, nodePort: number): ManifestObject {
  if (object.kind !== 'Service' || object.metadata.name !== service) return object;
  const whole = toJson(object);
  const spec = whole['spec'];
  const ports = isJsonObject(spec) ? spec['ports'] : undefined;
  if (!isJsonObject(spec) || spec['type'] !== 'NodePort' || !isJsonArray(ports)) {
    throw new ExplainedError({
      thing: `Service ${service}`,
      expected: 'a Service of type NodePort with a port',
      observed: 'it is of another type, or has no port',
      nextStep: 'Correct the manifest, or name another Service in the contract.',
    });
  }
  const [first, ...rest] = ports;
  const opened = { ...(isJsonObject(first) ? first : {}), nodePort };
  return manifestObject.parse({ ...whole, spec: { ...spec, ports: [opened, ...rest] } });
}

/** Returns the probe for users: it reads and writes objects, files of volumes, and through the service. */
export function usersProbe(objects: AssetProbe, volumes: Volumes, service: () => HttpService | undefined): AssetProbe {
  // They are known only after the asset was opened, so they are evaluated later.
  const also = (base: string | undefined, ofVolumes: string) =>
    [base, volumes.lanes.length > 0 ? ofVolumes : undefined, service() && 'the same through the service, as users do']
      .filter((part) => part !== undefined)
      .join('; ');
  return {
    get reads() {
      return also(objects.reads, 'a file of every volume');
    },
    get writes() {
      return also(objects.writes, 'a file to every volume');
    },
    async read(signal) {
      await Promise.all([objects.read(signal), volumes.probeRead(signal), service()?.probeRead(signal)]);
    },
    async write(signal) {
      await Promise.all([objects.write(signal), volumes.probeWrite(signal), service()?.probeWrite(signal)]);
    },
  };
}
