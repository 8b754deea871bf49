import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { S3Place } from '../../model/target.ts';

/** Requests in flight at once; more only queue up in a single server. */
export const CONCURRENCY = 16;

export interface ClientOptions {
  /** 1 where a repeated request would hide what happened (markers, probes); 3 elsewhere. */
  readonly maxAttempts: number;
  /** Longest time for one request, from sending to the response's head. */
  readonly requestTimeoutMs?: number;
  /** Somebody else's than the place's own. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** A client with connections kept alive. Digests are the harness's own, so the client's checksums are left to what S3 requires. */
export function connect(place: S3Place, options: ClientOptions): S3Client {
  const agent = { keepAlive: true, maxSockets: CONCURRENCY * 2 };
  return new S3Client({
    endpoint: place.endpoint,
    region: place.region,
    forcePathStyle: true,
    credentials: options.credentials ?? { accessKeyId: place.accessKeyId, secretAccessKey: place.secretAccessKey },
    maxAttempts: options.maxAttempts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: 5_000,
      ...(options.requestTimeoutMs === undefined
        ? {}
        : { requestTimeout: options.requestTimeoutMs, throwOnRequestTimeout: true }),
    },
  });
}

/** The HTTP status that S3 answered with, if it answered at all. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof S3ServiceException ? thrown.$metadata.httpStatusCode : undefined;
}

/** True when nothing was ever sent: the connection was refused or the name unknown. */
export function wasNeverSent(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    (thrown.code === 'ECONNREFUSED' || thrown.code === 'ENOTFOUND' || thrown.code === 'EHOSTUNREACH')
  );
}
