import { S3ServiceException } from '@aws-sdk/client-s3';

/** Requests in flight at once; more only queue up in a single server. */
export const CONCURRENCY = 16;

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
