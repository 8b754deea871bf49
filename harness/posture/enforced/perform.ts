import { CreateMultipartUploadCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { forEachBounded } from '../../asset-kit/bounded.ts';
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

/** What a service answered to one request of a trial. */
export interface Answer {
  /** `allowed` also when the request came through and was of no use, such as a lifecycle that is not there. */
  readonly outcome: 'allowed' | 'refused' | 'not-implemented' | 'failed';
  /** The status and the name of the error, e.g. `403 AccessDenied`. */
  readonly said: string;
}

const refusalSchema = z.object({ name: z.string(), $metadata: z.object({ httpStatusCode: z.number() }) });
/** A deletion of several objects is answered 200, with an error for each that was refused. */
const partlySchema = z.object({ Errors: z.array(z.object({ Code: z.string() })).min(1) });

/**
 * Does the request, and tells an answer about rights from any other one.
 * @throws what kept the service from answering at all.
 */
export async function answerTo(request: () => Promise<unknown>): Promise<Answer> {
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

/** The same of a status alone, as an unsigned request gets it. */
export function answerOf(status: number, name: string): Answer {
  const said = `${status} ${name}`.trimEnd();
  if (status === 401 || status === 403) return { outcome: 'refused', said };
  if (status === 501 || status === 405) return { outcome: 'not-implemented', said };
  return { outcome: status >= 500 ? 'failed' : 'allowed', said };
}
