import { z } from 'zod';

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
