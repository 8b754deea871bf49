import { z } from 'zod';
import type { Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';

/** Answer of a service to one request, as far as it concerns the key. */
export interface Reply {
  /**
   * `done`: it did what was asked. `other`: it accepted the key and did something else, such as not finding the object. `refused`: it did
   * not accept the key, or the key lacks the right. `none`: it showed nothing about the key, because it did not answer, or failed.
   */
  readonly kind: 'done' | 'other' | 'refused' | 'none';
  /** Such as `403 AccessDenied`, or why there is no answer. */
  readonly said: string;
}

type Waiting = Pick<Step, 'clock' | 'signal'>;

/** Time in which a restarted or overloaded service is available again. */
export const ANSWER_WITHIN_MS = 15_000;
const ASKED_AGAIN_AFTER_MS = 500;

/** No request about a key was answered, so nothing is known about the key. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

const answeredSchema = z.object({
  name: z.string(),
  $metadata: z.object({ httpStatusCode: z.number() }),
});
/** S3 answers 400 to some keys that it does not accept: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const REFUSES_THE_KEY = /^(ExpiredToken|InvalidToken|TokenRefreshRequired|InvalidAccessKeyId|SignatureDoesNotMatch)/;
const NOT_ABOUT_THE_KEY = new Set([408, 425, 429]);
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * Makes a request once.
 * @throws any error that is neither a service's answer nor a failure to reach it.
 */
export async function replyTo(request: () => Promise<unknown>, { signal }: Pick<Step, 'signal'>): Promise<Reply> {
  try {
    await request();
    return { kind: 'done', said: 'success' };
  } catch (error) {
    signal.throwIfAborted();
    const reply = replyIn(error);
    if (reply === undefined) throw error;
    return reply;
  }
}

/** Returns what a failed request of an AWS client shows about its key; undefined for an error of another kind. */
function replyIn(error: unknown): Reply | undefined {
  const answered = answeredSchema.safeParse(error);
  if (answered.success) {
    const { name, $metadata } = answered.data;
    return replyOf($metadata.httpStatusCode, name);
  }
  const unreached = unreachedBy(error);
  return unreached === undefined ? undefined : { kind: 'none', said: unreached };
}

/** Returns the same for a status and an error name. */
function replyOf(status: number, name: string): Reply {
  const said = `${status} ${name}`.trimEnd();
  if (status === 401 || status === 403 || REFUSES_THE_KEY.test(name)) return { kind: 'refused', said };
  if (status >= 500 || NOT_ABOUT_THE_KEY.has(status)) return { kind: 'none', said };
  return { kind: status < 300 ? 'done' : 'other', said };
}

function unreachedBy(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && NETWORK_CODES.has(at.code)) return `no answer (${at.code})`;
    if (at.name === 'TimeoutError') return 'no answer in time';
    if (/socket hang up/i.test(at.message)) return 'no answer (the connection was closed)';
    if (at instanceof AggregateError) return unreachedBy(at.errors[0]);
  }
  return undefined;
}

/** Repeats a request until the answer shows something about the key. If the budget ends first, the last reply has the kind `none`. */
export async function repliedTo(request: () => Promise<unknown>, step: Waiting): Promise<Reply> {
  const beganMs = step.clock.monotonicMs();
  for (;;) {
    const reply = await replyTo(request, step);
    if (reply.kind !== 'none' || step.clock.monotonicMs() - beganMs >= ANSWER_WITHIN_MS) return reply;
    await step.clock.pause(ASKED_AGAIN_AFTER_MS, step.signal);
  }
}

/**
 * Repeats requests until each is answered.
 * @throws {NoAnswerError} if the budget ends first; any other error of theirs, unchanged.
 */
export async function answered<T>(requests: () => Promise<T>, { clock, signal }: Waiting): Promise<T> {
  type Outcome = { readonly value: T } | { readonly error: unknown };
  const outcome = await waitFor<Outcome>(
    {
      for: 'the service to answer',
      budgetMs: ANSWER_WITHIN_MS,
      intervalMs: ASKED_AGAIN_AFTER_MS,
      look: async () => {
        try {
          return arrived({ value: await requests() });
        } catch (error) {
          const reply = replyIn(error);
          return reply?.kind === 'none' ? notYet(reply.said) : arrived({ error });
        }
      },
    },
    clock,
    signal,
  ).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new NoAnswerError(error instanceof Error ? error.message : String(error));
  });
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
