import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { type Connection, connectionFrom } from './kubernetes.ts';
import { apiStatus, type KubernetesObject, kubernetesObject, objectList } from './kubernetes-object.ts';

// Paths of the API.
export const NAMESPACES = '/api/v1/namespaces';
export const CUSTOM_RESOURCE_DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export function configMapsPath(namespace: string): string {
  return `${NAMESPACES}/${namespace}/configmaps`;
}

const PAGE_SIZE = 250;

/** The API answered with a refusal. */
export class KubernetesApiError extends Error {
  override readonly name = 'KubernetesApiError';
  readonly status: number;
  readonly reason: string;

  constructor(call: string, status: number, reason: string, message: string) {
    super(`${call}: HTTP ${status} ${reason}: ${message}`);
    this.status = status;
    this.reason = reason;
  }
}

/** No complete answer arrived: refused connection, reset, abort. A write may or may not have taken effect. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  /** True when the request can never have reached the server. */
  readonly neverSent: boolean;

  constructor(call: string, neverSent: boolean, cause: unknown) {
    super(`${call}: no answer from the API server: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.neverSent = neverSent;
  }
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof KubernetesApiError && error.status === status;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

/**
 * Plain requests to a Kubernetes API over kept-alive connections. After a failed connection it reads the kubeconfig
 * again, to find a control plane that was replaced behind the same path.
 */
export class KubernetesApi implements Disposable {
  readonly kubeconfigPath: string;
  #connection: Promise<Connection> | undefined;
  readonly #opened: Connection[] = [];

  constructor(kubeconfigPath: string) {
    this.kubeconfigPath = kubeconfigPath;
  }

  async get(path: string, signal: AbortSignal, accept?: string): Promise<unknown> {
    return await this.#send({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) }, signal);
  }

  async getObject(path: string, signal: AbortSignal): Promise<KubernetesObject> {
    return parsed(kubernetesObject, await this.get(path, signal), path);
  }

  /** Returns the object; undefined if the server says that it does not exist. */
  async findObject(path: string, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    try {
      return await this.getObject(path, signal);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async create(path: string, object: unknown, signal: AbortSignal): Promise<KubernetesObject> {
    return parsed(kubernetesObject, await this.#send({ method: 'POST', path, body: object }, signal), path);
  }

  /** Server-side apply: creates the object, or sets the given fields of the existing one. */
  async apply(path: string, object: unknown, fieldManager: string, signal: AbortSignal): Promise<KubernetesObject> {
    const call: Call = {
      method: 'PATCH',
      path: `${path}?fieldManager=${encodeURIComponent(fieldManager)}&force=true`,
      body: object,
      contentType: 'application/apply-patch+yaml',
    };
    return parsed(kubernetesObject, await this.#send(call, signal), path);
  }

  /**
   * A dry run of server-side apply: every step of admission and validation; unknown fields are refused.
   * The same request as `kubectl apply --server-side --dry-run=server --validate=strict`.
   */
  async dryRun(path: string, object: unknown, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({
      fieldManager: 'dr-contracts',
      force: 'true',
      dryRun: 'All',
      fieldValidation: 'Strict',
    });
    const contentType = 'application/apply-patch+yaml';
    await this.#send({ method: 'PATCH', path: `${path}?${query}`, body: object, contentType }, signal);
  }

  /** Returns the object that a creation would produce, without creating it. */
  async dryRunCreate(path: string, object: unknown, signal: AbortSignal): Promise<KubernetesObject> {
    const call: Call = { method: 'POST', path: `${path}?dryRun=All`, body: object };
    return parsed(kubernetesObject, await this.#send(call, signal), path);
  }

  /** Returns the object that a replacement would produce, without replacing the existing one. */
  async dryRunReplace(path: string, object: unknown, signal: AbortSignal): Promise<KubernetesObject> {
    const call: Call = { method: 'PUT', path: `${path}?dryRun=All`, body: object };
    return parsed(kubernetesObject, await this.#send(call, signal), path);
  }

  async patch(path: string, mergePatch: unknown, signal: AbortSignal): Promise<KubernetesObject> {
    const call: Call = { method: 'PATCH', path, body: mergePatch, contentType: 'application/merge-patch+json' };
    return parsed(kubernetesObject, await this.#send(call, signal), path);
  }

  /** Requests deletion; returns false if the object does not exist. */
  async delete(path: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#send({ method: 'DELETE', path }, signal);
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }

  /** Yields every object of a collection, page by page, in the server's order (by name within a namespace). */
  async *list(path: string, signal: AbortSignal, labelSelector?: string): AsyncGenerator<KubernetesObject> {
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
      if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
      if (token !== undefined) query.set('continue', token);
      const page = parsed(objectList, await this.get(`${path}?${query}`, signal), path);
      yield* page.items;
      token = page.metadata.continue === '' ? undefined : page.metadata.continue;
    } while (token !== undefined);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#opened.splice(0)) connection.agent.destroy();
    this.#connection = undefined;
  }

  async #send(call: Call, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const name = `${call.method} ${call.path.split('?')[0]}`;
    const connection = await this.#connected();
    for (let attempt = 1; ; attempt += 1) {
      const pending = begin(call, connection, signal);
      try {
        const response = await answered(pending);
        return understood(name, response.statusCode ?? 0, await text(response));
      } catch (error) {
        if (error instanceof KubernetesApiError) throw error;
        // The server closed the kept-alive connection at the same moment, so it never read the request.
        // https://nodejs.org/docs/latest-v24.x/api/http.html#requestreusedsocket
        const staleConnection = pending.reusedSocket && isCode(error, 'ECONNRESET') && call.method === 'GET';
        if (staleConnection && attempt === 1 && !signal.aborted) continue;
        if (!signal.aborted) this.#forget(connection);
        throw new NoAnswerError(name, isCode(error, 'ECONNREFUSED'), error);
      }
    }
  }

  async #connected(): Promise<Connection> {
    this.#connection ??= connectionFrom(this.kubeconfigPath).then((connection) => {
      this.#opened.push(connection);
      return connection;
    });
    try {
      return await this.#connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }

  #forget(failed: Connection): void {
    if (this.#opened.at(-1) === failed) this.#connection = undefined;
  }
}

function begin(call: Call, connection: Connection, signal: AbortSignal): ClientRequest {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const pending = request(new URL(call.path, connection.server), {
    method: call.method,
    agent: connection.agent,
    signal,
    headers: {
      ...connection.headers,
      Accept: call.accept ?? 'application/json',
      'User-Agent': 'dr-contracts',
      ...(body === undefined
        ? {}
        : { 'Content-Type': call.contentType ?? 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    },
  });
  pending.end(body);
  return pending;
}

async function answered(pending: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  pending.once('response', resolve);
  pending.once('error', reject);
  return await promise;
}

function understood(name: string, status: number, body: string): unknown {
  const json = parseJson(body);
  if (status >= 200 && status < 300) return json;
  const described = apiStatus.safeParse(json);
  const reason = described.success ? (described.data.reason ?? 'unknown reason') : 'unknown reason';
  const message = described.success ? (described.data.message ?? 'no message') : 'the answer was not a Status';
  throw new KubernetesApiError(name, status, reason, message);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Callers report an unexpected answer without its body, which may hold a Secret.
    return undefined;
  }
}

function parsed<T extends z.ZodType>(schema: T, value: unknown, path: string): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => issue.path.join('.') || 'the whole answer').join(', ');
  throw new Error(`The API's answer for ${path} is not what the Kubernetes API promises: ${where}`);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
