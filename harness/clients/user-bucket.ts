import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { ExplainedError, summaryOf } from '../model/errors.ts';

/** An entry is small; a request that takes longer than this hangs. */
const REQUEST_TIMEOUT_MS = 60_000;
const ATTEMPTS = 8;

/** What the user's AWS settings do not say. */
export interface UserBucket {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/**
 * A client for the bucket of a ledger, with the user's own credentials and settings (environment, profile, instance role).
 * This is the only client of the harness that uses them: drills never do (`s3.ts`).
 */
export function userBucketClient({ region, endpoint }: UserBucket): S3Client {
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    // A store of one's own answers by path: `bucket.localhost` may not resolve.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: 10_000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
}

export const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** Does the work; what S3 or the way to it refuses comes out explained, an abort as it is. */
export async function explainingBucket<T>(thing: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExplainedError) throw error;
    const status = statusOf(error);
    const name = error instanceof Error ? error.name : '';
    throw new ExplainedError(
      {
        thing,
        expected: 'a bucket that answers',
        observed: `${name === '' || name === 'Error' ? '' : `${name}: `}${summaryOf(error)}${status === undefined ? '' : ` (HTTP ${status})`}`,
        nextStep: nextStepFor(name, status),
      },
      { cause: error },
    );
  }
}

function nextStepFor(name: string, status: number | undefined): string {
  if (name === 'NoSuchBucket') return 'Make the bucket, or correct its name.';
  if (name === 'CredentialsProviderError') return 'Give AWS credentials: AWS_* variables, a profile, or a role.';
  if (status === 403) return 'Allow s3:ListBucket, s3:GetObject and s3:PutObject there (docs/evidence.md).';
  if (status === 301) return 'Name the region of the bucket: ?region=… in the address, or AWS_REGION.';
  return 'Check the address, the network and the AWS settings (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL).';
}
