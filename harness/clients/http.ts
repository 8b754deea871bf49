import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

/** No proxy: with `NODE_USE_ENV_PROXY` the global agent, and `fetch`, would send requests for this machine to it. */
const direct = new Agent();
/** As the kubelet, which does not verify the certificate of what it probes. */
const directTls = new TlsAgent({ rejectUnauthorized: false });

/** A whole answer. Its body is short: these are the monitoring endpoints of servers of this machine. */
interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly body: string;
}

/**
 * One request to a server that the harness started, straight to its address, never through a proxy. Redirects are answers, and a
 * certificate is not verified.
 * @throws what the connection throws; an answer of any status is an answer.
 */
export async function httpRequest(
  method: 'GET' | 'HEAD' | 'PUT',
  url: string,
  signal: AbortSignal,
  sent?: string,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const answered = (response: IncomingMessage) =>
    text(response).then(
      (body) => resolve({ status: response.statusCode ?? 0, statusText: response.statusMessage ?? '', body }),
      reject,
    );
  const pending = url.startsWith('https:')
    ? tlsRequest(url, { method, agent: directTls, signal }, answered)
    : request(url, { method, agent: direct, signal }, answered);
  pending.once('error', reject);
  pending.end(sent);
  return await promise;
}

/** An answer whose body is read as it comes. Who takes it reads it to its end, or destroys it. */
interface HttpStream {
  readonly status: number;
  readonly body: IncomingMessage;
}

/**
 * A GET of something large from a server that the harness started, straight to its address. The signal also ends the reading.
 * @throws what the connection throws; an answer of any status is an answer.
 */
export async function httpStream(url: string, signal: AbortSignal): Promise<HttpStream> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpStream>();
  const pending = request(url, { method: 'GET', agent: direct, signal }, (body) =>
    resolve({ status: body.statusCode ?? 0, body }),
  );
  pending.once('error', reject);
  pending.end();
  return await promise;
}

/** The JSON of a GET. @throws when the server answers with another status than 200, or no JSON. */
export async function httpJson(url: string, signal: AbortSignal): Promise<unknown> {
  const { status, body } = await httpRequest('GET', url, signal);
  if (status !== 200) throw new Error(`${url} answers ${status}: ${body.slice(0, 200)}`);
  return JSON.parse(body);
}

/**
 * A request to a service that is not part of a drill: a chat, or the code forge. It takes the user's own way out, a proxy included,
 * where Node is told to use one. Servers that the harness started are asked with `httpRequest`, which never takes a proxy.
 * @throws what `fetch` throws; an answer of any status is an answer.
 */
export const requestOfUser = (url: string | URL, init: RequestInit): Promise<Response> => fetch(url, init);
