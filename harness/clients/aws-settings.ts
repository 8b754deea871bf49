/** The same for every client: as many connections as requests in flight are worth having, to the endpoint itself. */
const CONNECTIONS = 32;

/** How to reach one AWS service. */
export interface AwsPlace {
  /** AWS's own when left out. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface AwsClientOptions {
  /** 1 where a repeated request would hide what happened (markers, probes); 3 when left out. */
  readonly maxAttempts?: number;
  /** Longest time for one request, from sending to the response's head. */
  readonly requestTimeoutMs?: number;
  /** Instead of those of the place. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/**
 * Every setting that a client would look up by itself: in `AWS_*` variables, in profiles and in the files of the user who runs the drill.
 * None of them may reach the harness's own clients: `AWS_USE_FIPS_ENDPOINT`, for one, is refused together with an endpoint.
 *
 * The list is that of the SDK (`runtimeConfig.js` of each client); a test compares them.
 */
export function awsSettings(place: AwsPlace, options: AwsClientOptions) {
  const { endpoint, region, accessKeyId, secretAccessKey } = place;
  // An agent of its own: the global one may go through a proxy (https://nodejs.org/api/cli.html#node_use_env_proxy1).
  const agent = { keepAlive: true, maxSockets: CONNECTIONS };
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: options.credentials ?? { accessKeyId, secretAccessKey },
    maxAttempts: options.maxAttempts ?? 3,
    retryMode: 'standard',
    defaultsMode: 'standard',
    authSchemePreference: [],
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    userAgentAppId: 'dr-contracts',
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: 5_000,
      ...(options.requestTimeoutMs === undefined
        ? {}
        : { requestTimeout: options.requestTimeoutMs, throwOnRequestTimeout: true }),
    },
  } as const;
}
