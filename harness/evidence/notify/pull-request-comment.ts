import { z } from 'zod';
import { requestOfUser } from '../../clients/http.ts';
import { COMMENT_MARKER } from '../exports/markdown.ts';

const BUDGET_MS = 30_000;
const PER_PAGE = 100;
/** GitHub locks a conversation at 2,500 comments. */
const MOST_PAGES = 25;
const ANSWER_CHARACTERS = 200;

export interface PullRequest {
  /** `https://api.github.com`, or the API of a self-hosted server. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
  readonly token: string;
}

const commentsSchema = z.array(z.object({ id: z.number().int(), body: z.string().nullish() }));

export type Commented = { readonly done: 'created' | 'updated' } | { readonly problem: string };

/**
 * Writes the one comment of dr-contracts on a pull request: it edits the comment that begins with the marker, or adds one where there is
 * none (https://docs.github.com/rest/issues/comments).
 * @returns `problem`, without the token, when GitHub refuses the comment.
 */
export async function writeComment(pull: PullRequest, body: string, signal: AbortSignal): Promise<Commented> {
  const budget = AbortSignal.any([signal, AbortSignal.timeout(BUDGET_MS)]);
  try {
    const known = await findComment(pull, budget);
    if (known === undefined) await call(pull, 'POST', `issues/${pull.number}/comments`, budget, { body });
    else await call(pull, 'PATCH', `issues/comments/${known}`, budget, { body });
    return { done: known === undefined ? 'created' : 'updated' };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Refused) return { problem: error.message };
    if (budget.aborted) return { problem: `GitHub did not answer within ${BUDGET_MS / 1_000} s` };
    if (error instanceof TypeError) return { problem: 'GitHub cannot be reached' };
    throw error;
  }
}

class Refused extends Error {}

async function findComment(pull: PullRequest, signal: AbortSignal): Promise<number | undefined> {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const path = `issues/${pull.number}/comments?per_page=${PER_PAGE}&page=${page}`;
    const parsed = commentsSchema.safeParse(await call(pull, 'GET', path, signal));
    if (!parsed.success) throw new Refused('GitHub answered with something other than a list of comments');
    const found = parsed.data.find(({ body }) => body?.startsWith(COMMENT_MARKER));
    if (found !== undefined) return found.id;
    if (parsed.data.length < PER_PAGE) return undefined;
  }
  return undefined;
}

async function call(
  { apiUrl, repository, token }: PullRequest,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  signal: AbortSignal,
  content?: unknown,
): Promise<unknown> {
  const answer = await requestOfUser(`${apiUrl.replace(/\/$/, '')}/repos/${repository}/${path}`, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'user-agent': 'dr-contracts',
    },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    // A redirect would send the token to another server.
    redirect: 'manual',
    signal,
  });
  const text = await answer.text();
  if (answer.ok) return text === '' ? undefined : parseJson(text);
  const said = text.replaceAll(token, '***').replaceAll(/\s+/g, ' ').slice(0, ANSWER_CHARACTERS);
  const why =
    answer.status === 403 || answer.status === 404 ? ' Does the job have `permissions: pull-requests: write`?' : '';
  throw new Refused(`GitHub answered ${answer.status} to ${method}: ${said}${why}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refused('GitHub answered with something other than JSON');
    throw error;
  }
}
