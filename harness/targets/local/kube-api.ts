import { Agent, request } from 'node:https';
import { z } from 'zod';

/** Address and credentials of one API server. */
export interface KubeAccess {
  readonly server: string;
  readonly caPem: string;
  readonly token?: string;
  /** Replaces a token. */
  readonly client?: { readonly certificatePem: string; readonly keyPem: string };
}

export interface KubeAnswer {
  readonly status: number;
  readonly body: string;
}

const requests = {
  GET: { method: 'GET', contentType: 'application/json' },
  POST: { method: 'POST', contentType: 'application/json' },
  APPLY: { method: 'PATCH', contentType: 'application/apply-patch+yaml' },
  MERGE: { method: 'PATCH', contentType: 'application/merge-patch+json' },
} as const;
const STATUS_CONFLICT = 409;
const statusSchema = z.object({ message: z.string() });

/**
 * Client with the few calls that the setup of a control plane needs. Not the client library: its load time alone would be a noticeable part
 * of a target's start.
 */
export class KubeApi implements Disposable {
  private readonly access: KubeAccess;
  private readonly agent: Agent;

  constructor(access: KubeAccess) {
    this.access = access;
    const { caPem, client } = access;
    this.agent = new Agent({
      keepAlive: true,
      ca: caPem,
      ...(client === undefined ? {} : { cert: client.certificatePem, key: client.keyPem }),
    });
  }

  /** @throws the connection's errors; an answer of any status is an answer. */
  async call(kind: keyof typeof requests, path: string, signal: AbortSignal, body?: unknown): Promise<KubeAnswer> {
    const { method, contentType } = requests[kind];
    const { promise, resolve, reject } = Promise.withResolvers<KubeAnswer>();
    const sent = request(
      `${this.access.server}${path}`,
      {
        method,
        agent: this.agent,
        signal,
        headers: {
          ...(this.access.token === undefined ? {} : { authorization: `Bearer ${this.access.token}` }),
          'content-type': contentType,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return await promise;
  }

  /** Creates an object; leaves an existing one as it is. @throws when the API refuses it, with its reason. */
  async create(path: string, object: unknown, signal: AbortSignal): Promise<void> {
    const { status, body } = await this.call('POST', path, signal, object);
    if (status >= 300 && status !== STATUS_CONFLICT)
      throw new Error(`POST ${path} answered ${status}: ${reasonIn(body)}`);
  }

  /**
   * Creates an object by server-side apply. For instances of fresh custom resource definitions: the API server delays a plain creation by
   * two seconds when the definition is younger than that (apiextensions-apiserver, customresource_handler.go).
   * @throws when the API refuses it, with its reason.
   */
  async apply(path: string, object: unknown, signal: AbortSignal, manager = 'dr-contracts'): Promise<void> {
    const { status, body } = await this.call('APPLY', `${path}?fieldManager=${manager}&force=true`, signal, object);
    if (status >= 300) throw new Error(`PATCH ${path} answered ${status}: ${reasonIn(body)}`);
  }

  /** Changes fields of an existing object; null removes a field, whoever set it. @throws when the API refuses it, with its reason. */
  async merge(path: string, patch: unknown, signal: AbortSignal): Promise<void> {
    const { status, body } = await this.call('MERGE', path, signal, patch);
    if (status >= 300) throw new Error(`PATCH ${path} answered ${status}: ${reasonIn(body)}`);
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}

export function reasonIn(body: string): string {
  try {
    return statusSchema.parse(JSON.parse(body)).message;
  } catch {
    return body.slice(0, 200);
  }
}
