import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** No proxy: with `NODE_USE_ENV_PROXY` the global agent, and `fetch`, would send requests for this machine to it. */
const direct = new Agent();

/** A whole answer. Its body is short: these are the monitoring endpoints of servers of this machine. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One request to a server that the harness started, straight to its address, never through a proxy.
 * @throws what the connection throws; an answer of any status is an answer.
 */
export async function httpRequest(method: 'GET' | 'HEAD', url: string, signal: AbortSignal): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const pending = request(url, { method, agent: direct, signal }, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
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
