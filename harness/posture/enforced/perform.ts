import { CreateMultipartUploadCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import { type Answer, answerTo } from './answers.ts';
import type { Operation, TrialThing } from './operations.ts';

/** Two cores serve the store and its callers: more at a time gains nothing. */
const AT_ONCE = 6;

export interface Attempt {
  readonly operation: Operation;
  readonly bucket: string;
  readonly prefix: string | undefined;
}

/** Tries requests as one client, each on a thing of its own that an administrator has put there. Answers come in the order of the attempts. */
export async function performAll(
  attempts: readonly Attempt[],
  { admin, client, signal }: { readonly admin: S3Client; readonly client: S3Client; readonly signal: AbortSignal },
): Promise<readonly Answer[]> {
  const options = { abortSignal: signal };
  const perform = async ({ operation, bucket, prefix }: Attempt, index: number): Promise<Answer> => {
    const thing = await prepared(operation, { bucket, prefix, index }, admin, options);
    return await answerTo(() => operation.attempt(client, thing, options));
  };
  const answers = new Map<number, Answer>();
  const objects = [...attempts.entries()].filter(([, { operation }]) => operation.on === 'object');
  await forEachBounded(objects, AT_ONCE, async ([index, attempt]) => {
    answers.set(index, await perform(attempt, index));
  });
  // One after the other: they change what the next one looks at.
  for (const [index, attempt] of attempts.entries()) {
    if (attempt.operation.on === 'bucket') answers.set(index, await perform(attempt, index));
  }
  return attempts.map((_, index) => answers.get(index) ?? { outcome: 'failed', said: 'it was not tried' });
}

async function prepared(
  { on, needs }: Operation,
  { bucket, prefix, index }: { readonly bucket: string; readonly prefix: string | undefined; readonly index: number },
  admin: S3Client,
  options: { readonly abortSignal: AbortSignal },
): Promise<TrialThing> {
  const named = { Bucket: bucket, Key: `${prefix ?? ''}dr-contracts-trial-${index}` };
  if (on === 'bucket') return { ...named, Prefix: prefix };
  if (needs === 'object') {
    const { VersionId } = await admin.send(new PutObjectCommand({ ...named, Body: 'x' }), options);
    return { ...named, VersionId };
  }
  if (needs === 'upload') {
    const { UploadId } = await admin.send(new CreateMultipartUploadCommand(named), options);
    return { ...named, UploadId };
  }
  return named;
}
