import { requestOfUser } from '../../clients/user-network.ts';
import { ExplainedError } from '../../model/errors.ts';

const BUDGET_MS = 15_000;
const ANSWER_CHARACTERS = 200;

/** The address of a webhook is a secret: whoever knows it can write there. It is in no message. */
export function parseWebhook(text: string, thing: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ExplainedError({
      thing,
      expected: 'the address of a webhook',
      observed: 'it is no http or https address',
      nextStep: 'Copy the address from the settings of the webhook. It is not repeated here, because it is a secret.',
    });
  }
  return url;
}

/**
 * Posts a message. Redirects are not followed: the body would go to somebody else.
 * @returns why the message was not taken, without the address; undefined when it was.
 */
export async function sendWebhook(url: URL, body: string, signal: AbortSignal): Promise<string | undefined> {
  const budget = AbortSignal.timeout(BUDGET_MS);
  try {
    const answer = await requestOfUser(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, budget]),
    });
    const text = await answer.text();
    return answer.ok
      ? undefined
      : `it answered ${answer.status}: ${withoutAddress(text, url).slice(0, ANSWER_CHARACTERS)}`;
  } catch (error) {
    signal.throwIfAborted();
    if (budget.aborted) return `it did not answer within ${BUDGET_MS / 1_000} s`;
    return `it cannot be reached (${codeOf(error)})`;
  }
}

/** An answer may repeat what it was asked. */
function withoutAddress(text: string, url: URL): string {
  const parts = [url.href, url.pathname, ...url.pathname.split('/'), url.search, url.username, url.password];
  return parts
    .filter((part) => part.length > 3)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, part) => rest.replaceAll(part, '***'), text)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Only the code: messages of the network name the address. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'no connection';
}
