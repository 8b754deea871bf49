import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { EnforcingStore } from '../../systems/s3/service.ts';

export interface StoreWatcher {
  /** Called for every key made through the store, before the client receives it. */
  onSecret(secret: string): void;
  /** Called after each request that may change rights, before the client receives the answer. */
  onChange(action: string): Promise<void>;
}

export interface ObservedStore extends AsyncDisposable {
  /** Address of the store for the observed client. */
  readonly endpoint: string;
  /** Changes, in order: `CreateAccessKey`, `DeleteAccessKey`. */
  readonly changes: readonly string[];
}

const READS_ONLY = /^(Get|List|Simulate)/;

/**
 * Serves the store at an address of its own. It sees the requests to IAM, and holds each answer about a change back until the watcher has
 * made a round. So there is a round between any two sequential changes, however close they are.
 */
export async function observed({ s3 }: Pick<EnforcingStore, 's3'>, watcher: StoreWatcher): Promise<ObservedStore> {
  const changes: string[] = [];
  const upstream = new URL(s3.endpoint);
  // The global agent may use a proxy.
  const agent = new Agent();
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = isForm(request) ? await buffer(request) : undefined;
    const answer = await forwarded(request, asked);
    const action = asked === undefined ? actionOnBucket(request) : formAction(asked);
    if (action === undefined || READS_ONLY.test(action)) {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      await pipeline(answer, response);
      return;
    }
    const body = await buffer(answer);
    for (const [, secret = ''] of body.toString('utf8').matchAll(/<SecretAccessKey>([^<]+)</g))
      watcher.onSecret(secret);
    changes.push(action);
    await watcher.onChange(action);
    response.writeHead(answer.statusCode ?? 502, withoutEncoding(answer.rawHeaders));
    response.end(body);
  };

  const forwarded = async (request: IncomingMessage, body: Buffer | undefined): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { hostname, port } = upstream;
    // Headers are passed on unchanged, including the host name, because they are signed.
    const { method = 'GET', url = '/' } = request;
    const passed = httpRequest(
      { hostname, port, method, path: url, headers: request.rawHeaders, setHost: false, agent },
      resolve,
    );
    passed.once('error', reject);
    request.once('close', () => {
      if (!request.complete) passed.destroy();
    });
    if (body === undefined) request.pipe(passed);
    else passed.end(body);
    return await promise;
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    changes,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

/** Requests to IAM are forms, posted to the root. */
const isForm = ({ method, url, headers }: IncomingMessage): boolean =>
  method === 'POST' && /^\/(\?|$)/.test(url ?? '') && /form-urlencoded/.test(headers['content-type'] ?? '');

const formAction = (body: Buffer): string | undefined =>
  new URLSearchParams(body.toString('utf8')).get('Action') ?? undefined;

/** Returns the action of an S3 request that changes rights. */
function actionOnBucket({ method, url = '' }: IncomingMessage): string | undefined {
  const { searchParams } = new URL(url, 'http://store');
  if (method !== 'PUT' && method !== 'DELETE') return undefined;
  if (searchParams.has('policy')) return method === 'PUT' ? 'PutBucketPolicy' : 'DeleteBucketPolicy';
  return searchParams.has('acl') ? 'PutAcl' : undefined;
}

/** Removes the encoding headers: the body is sent whole, with its length. */
function withoutEncoding(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (!/^(transfer-encoding|content-length|connection)$/i.test(name)) kept.push(name, value);
  }
  return kept;
}
