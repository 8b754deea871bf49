import { Agent, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ExplainedError, summaryOf } from '../model/errors.ts';

/** Each one costs both sides a handshake, and most clients live for a few requests. */
const CONNECTIONS = 8;

/** Where and as whom to talk to an API server: one reading of a kubeconfig, with its own kept-alive connections. */
export interface Connection {
  readonly server: URL;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The one way to a cluster: that very file, whatever `KUBECONFIG` and the user's home hold.
 * @throws {ExplainedError} when it cannot be read.
 */
export async function kubeConfigFrom(kubeconfigPath: string): Promise<KubeConfig> {
  // The largest client library by far: a command that only lists or judges contracts must not wait for it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    config.loadFromFile(kubeconfigPath);
    return config;
  } catch (error) {
    throw unusable(kubeconfigPath, summaryOf(error), error);
  }
}

/** @throws {ExplainedError} when the kubeconfig cannot be read or names no cluster. */
export async function connectionFrom(kubeconfigPath: string): Promise<Connection> {
  const options: RequestOptions = {};
  const config = await kubeConfigFrom(kubeconfigPath);
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw unusable(kubeconfigPath, summaryOf(error), error);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw unusable(kubeconfigPath, 'its current context names no cluster');
  const { ca, cert, key, rejectUnauthorized, servername, passphrase, pfx } = options;
  return {
    server: new URL(server),
    headers: authorizationOf(options),
    agent: new Agent({
      keepAlive: true,
      maxSockets: CONNECTIONS,
      ...definedOf({ ca, cert, key, rejectUnauthorized, servername, passphrase, pfx }),
    }),
  };
}

function authorizationOf(options: RequestOptions): Record<string, string> {
  const given = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]);
  const basic =
    typeof options.auth === 'string' ? { Authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` } : {};
  return { ...Object.fromEntries(given), ...basic };
}

function definedOf<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], null | undefined> } {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], null | undefined> };
}

function unusable(kubeconfigPath: string, observed: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    {
      thing: `kubeconfig ${kubeconfigPath}`,
      expected: 'a readable kubeconfig with a current context',
      observed,
      nextStep: 'Check that the target has started its control plane.',
    },
    { cause },
  );
}
