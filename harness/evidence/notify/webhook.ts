import { requestOfUser } from '../../clients/http.ts';
import { ExplainedError } from '../../model/errors.ts';
import { onOneLine } from '../../reporting/text.ts';
import type { PromiseState, StateChange, StateChanges, StateOfPromise } from './state-changes.ts';

export const webhookKinds = ['slack', 'mattermost', 'teams'] as const;
export type WebhookKind = (typeof webhookKinds)[number];

/** A chat is no report: of more than this, the number is told. */
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

/** The lines of a message: a headline, then what changed (or, with `always`, every promise), the worst first. */
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

/** Slack reads `<!channel>` and `<https://…|text>`, both read `@all`: no name of a contract may call a whole channel. */
const chatText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/@(?=\w)/g, '@\u200B');

/** A text block reads Markdown: links and emphasis from a name are shown as they are written. */
const cardText = (text: string): string => text.replaceAll(/[\\[\]*_`]/g, '\\$&').replaceAll('<', '&lt;');

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
