import { requestOfUser } from '../../clients/http.ts';
import { ExplainedError } from '../../model/errors.ts';
import { onOneLine } from '../../reporting/text.ts';
import type { PromiseState, StateChange, StateChanges, StateOfPromise } from './state-changes.ts';

export const webhookKinds = ['slack', 'mattermost', 'teams'] as const;
export type WebhookKind = (typeof webhookKinds)[number];

/** Maximum number of lines of a message; further ones are only counted. */
const MOST_LINES = 20;
/** Teams takes 28 KB a message (https://learn.microsoft.com/microsoftteams/limits-specifications-teams). */
const SENTENCE_CHARACTERS = 400;

const SIGNS: Readonly<Record<PromiseState, string>> = {
  met: '✅',
  'at-risk': '⚠️',
  breached: '❌',
  unproven: '❓',
  'has not run': '⏰',
};
const URGENCY: readonly PromiseState[] = ['breached', 'unproven', 'has not run', 'at-risk', 'met'];

/** Returns the lines of a message: a headline, then the changes (or, with `always`, every promise), the worst first. */
export function messageLines({ changes, states, failure, target, runId, runUrl }: StateChanges, always: boolean) {
  const told: readonly (StateOfPromise | StateChange)[] = always
    ? states.map((state) => changes.find((each) => isSame(each, state)) ?? state)
    : changes;
  const sorted = told.toSorted((a, b) => URGENCY.indexOf(a.state) - URGENCY.indexOf(b.state));
  const cut = sorted.length - MOST_LINES;
  return {
    headline: `Disaster recovery${target === null ? '' : ` on ${target}`}: ${headlineOf(changes, states)}`,
    lines: [
      ...(failure === null ? [] : [`⛔ The run did not come to its end: ${short(failure)}`]),
      ...sorted.slice(0, MOST_LINES).map(lineOf),
      ...(cut > 0 ? [`and ${cut} more`] : []),
      ...(runId === null ? [] : [`Run ${runId}${runUrl === null ? '' : `, ${runUrl}`}`]),
    ],
  };
}

const isSame = (a: StateOfPromise, b: StateOfPromise): boolean =>
  a.contract === b.contract && a.disaster === b.disaster;

function headlineOf(changes: readonly StateChange[], states: readonly StateOfPromise[]): string {
  const counts = URGENCY.map((state) => [states.filter((each) => each.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state === 'has not run' ? 'not run' : state}`);
  const now = counts.length === 0 ? 'nothing is promised' : counts.join(', ');
  return `${changes.length === 0 ? 'no change' : `${changes.length} changed`}; now ${now}`;
}

function lineOf(told: StateOfPromise | StateChange): string {
  const from = 'before' in told && told.before !== null && told.before !== told.state ? ` (was ${told.before})` : '';
  const since = told.hasNotRun && told.state !== 'has not run' ? ', and has not run since' : '';
  return `${SIGNS[told.state]} ${told.contract} › ${told.disaster}: ${told.state}${from}${since}. ${short(told.sentence)} Owner: ${told.owner}`;
}

const short = (text: string): string => {
  const oneLine = onOneLine(text);
  return oneLine.length > SENTENCE_CHARACTERS ? `${oneLine.slice(0, SENTENCE_CHARACTERS).toWellFormed()}…` : oneLine;
};

/**
 * The body of the webhook's request. Slack (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks) and Mattermost
 * (https://developers.mattermost.com/integrate/webhooks/incoming/) take `text`; a Teams workflow takes an adaptive card
 * (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using).
 */
export function webhookBody(kind: WebhookKind, headline: string, lines: readonly string[]): string {
  if (kind !== 'teams') return JSON.stringify({ text: [headline, ...lines].map(chatText).join('\n') });
  const block = (text: string, more: Readonly<Record<string, string>> = {}) => ({
    type: 'TextBlock',
    text: cardText(text),
    wrap: true,
    ...more,
  });
  return JSON.stringify({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [block(headline, { weight: 'Bolder' }), ...lines.map((line) => block(line))],
        },
      },
    ],
  });
}

/** Slack reads `<!channel>` and `<https://…|text>`, both read `@all`: the name of a contract must not notify a whole channel. */
const chatText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/@(?=\w)/g, '@\u200B');

/** Escapes Markdown of a text block, so names show no links or emphasis. */
const cardText = (text: string): string => text.replaceAll(/[\\[\]*_`]/g, '\\$&').replaceAll('<', '&lt;');

const BUDGET_MS = 15_000;
const ANSWER_CHARACTERS = 200;

/** Parses the address of a webhook. It is a secret, because it allows posting. No message contains it. */
export function parseWebhook(text: string, thing: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ExplainedError({
      thing,
      expected: 'the address of a webhook',
      observed: 'it is not an http or https address',
      nextStep: 'Copy the address from the settings of the webhook. It is not repeated here, because it is a secret.',
    });
  }
  return url;
}

/**
 * Posts a message. It follows no redirect, because that would send the body to another server.
 * @returns why the message was refused, without the address; undefined if it was accepted.
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

/** Removes the address from a text: an answer may repeat the request. */
function withoutAddress(text: string, url: URL): string {
  const parts = [url.href, url.pathname, ...url.pathname.split('/'), url.search, url.username, url.password];
  return parts
    .filter((part) => part.length > 3)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, part) => rest.replaceAll(part, '***'), text)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Returns only the code of an error: messages of network errors name the address. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'no connection';
}
