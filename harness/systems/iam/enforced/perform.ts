import { CreateMultipartUploadCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { forEachBounded } from '../../../asset-kit/bounded.ts';
import type { Operation, TrialThing } from './operations.ts';

/** Two cores serve the store and its callers, so more requests at a time gain nothing. */
const AT_ONCE = 6;

export interface Attempt {
  readonly operation: Operation;
  readonly bucket: string;
  readonly prefix: string | undefined;
}

/** Tries requests as one client. Each has a target of its own, made by an administrator. Answers are in the order of the attempts. */
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
  // One after the other, because each changes the bucket of the next one.
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

/** Answer of a service to one request of a trial. */
export interface Answer {
  /** `allowed` also if the request was permitted but had no effect, such as reading a lifecycle that does not exist. */
  readonly outcome: 'allowed' | 'refused' | 'not-implemented' | 'failed';
  /** The status and the name of the error, e.g. `403 AccessDenied`. */
  readonly said: string;
}

const refusalSchema = z.object({ name: z.string(), $metadata: z.object({ httpStatusCode: z.number() }) });
/** A deletion of several objects is answered with 200, and an error for each object that was refused. */
const partlySchema = z.object({ Errors: z.array(z.object({ Code: z.string() })).min(1) });

/**
 * Makes the request, and tells a decision about rights from other answers.
 * @throws the error that kept the service from answering at all.
 */
async function answerTo(request: () => Promise<unknown>): Promise<Answer> {
  try {
    const partly = partlySchema.safeParse(await request());
    const code = partly.data?.Errors[0]?.Code;
    if (code === undefined) return { outcome: 'allowed', said: 'success' };
    return { outcome: code === 'AccessDenied' ? 'refused' : 'failed', said: code };
  } catch (error) {
    const refusal = refusalSchema.safeParse(error);
    if (!refusal.success) throw error;
    const { name, $metadata } = refusal.data;
    return answerOf($metadata.httpStatusCode, name);
  }
}

/** Does the same for a status alone, as an unsigned request receives it. */
export function answerOf(status: number, name: string): Answer {
  const said = `${status} ${name}`.trimEnd();
  if (status === 401 || status === 403) return { outcome: 'refused', said };
  if (status === 501 || status === 405) return { outcome: 'not-implemented', said };
  return { outcome: status >= 500 ? 'failed' : 'allowed', said };
}
