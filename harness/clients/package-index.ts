import * as tls from 'node:tls';
import { rootCertificates } from 'node:tls';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';

export interface WayOut {
  /** Where the proxies are named that count unless `proxy` is given. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The one to use whatever the environment says. */
  readonly proxy?: string | undefined;
  /** Certificates of authorities, as PEM, besides those that Node trusts. */
  readonly certificates: readonly string[];
}

/** Asks a package index by the user's own way out. Disposal closes its connections. */
export interface PackageIndexClient extends AsyncDisposable {
  /** @throws what the connection throws; an answer of any status is an answer. */
  get(url: URL, accept: string, signal: AbortSignal): Promise<Response>;
}

/** Proxies are those of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), which Node itself reads only when it is told to. */
export function packageIndexClient({ environment, proxy, certificates }: WayOut): PackageIndexClient {
  const ca = certificates.length === 0 ? undefined : [...trusted(), ...certificates];
  const withCertificates = ca === undefined ? {} : { connect: { ca }, requestTls: { ca }, proxyTls: { ca } };
  const agent = new EnvHttpProxyAgent({
    ...withCertificates,
    // Empty for none: where one is left out, the agent reads the variables of this process.
    httpProxy: proxy ?? environment['http_proxy'] ?? environment['HTTP_PROXY'] ?? '',
    httpsProxy: proxy ?? environment['https_proxy'] ?? environment['HTTPS_PROXY'] ?? '',
    noProxy: environment['no_proxy'] ?? environment['NO_PROXY'] ?? '',
  });
  return {
    async get(url, accept, signal) {
      const { bare, authorization } = withoutCredentials(url);
      return await fetch(bare, {
        dispatcher: agent,
        signal,
        headers: { accept, ...(authorization === undefined ? {} : { authorization }) },
      });
    },
    [Symbol.asyncDispose]: async () => await agent.destroy(),
  };
}

/** With what NODE_EXTRA_CA_CERTS adds. */
const trusted = (): readonly string[] =>
  typeof tls.getCACertificates === 'function' ? tls.getCACertificates('default') : rootCertificates;

/** `fetch` takes no credentials in an address. */
function withoutCredentials(url: URL): { readonly bare: URL; readonly authorization: string | undefined } {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  if (url.username === '' && url.password === '') return { bare, authorization: undefined };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { bare, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
