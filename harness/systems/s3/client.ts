import { S3ServiceException } from '@aws-sdk/client-s3';

/** Concurrent requests; more only queue up in a single server. */
export const CONCURRENCY = 16;

/** Returns the HTTP status of S3's answer, if there was one. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof S3ServiceException ? thrown.$metadata.httpStatusCode : undefined;
}

/** True if nothing was sent: the connection was refused or the name unknown. */
export function wasNeverSent(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    (thrown.code === 'ECONNREFUSED' || thrown.code === 'ENOTFOUND' || thrown.code === 'EHOSTUNREACH')
  );
}
