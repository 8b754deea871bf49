import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { exportRun } from '../../evidence/exports/write-export.ts';
import { readLedger } from '../../evidence/ledger/ledger-store.ts';
import { type PullRequest, writeComment } from '../../evidence/notify/pull-request-comment.ts';
import { stateChangesOf } from '../../evidence/notify/state-changes.ts';
import {
  messageLines,
  parseWebhook,
  sendWebhook,
  type WebhookKind,
  webhookBody,
  webhookKinds,
} from '../../evidence/notify/webhook.ts';
import { ExplainedError } from '../../model/errors.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { Environment } from '../../reporting/terminal.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger } from '../verify-command.ts';
import type { CommentOptions, NotifyOptions } from './evidence-options.ts';
import { findRun, waiversOf } from './export-command.ts';

interface Sink {
  readonly kind: WebhookKind;
  readonly url: URL;
}

/**
 * Reports the changes of the last run to chats. A chat that does not take the message is reported on stderr, and is no failure.
 * @throws {ExplainedError} when there is no address, one is invalid, or the ledger cannot be read.
 */
export async function runNotify(options: NotifyOptions, io: CommandIo): Promise<0> {
  const sinks = await sinksOf(io);
  if (sinks.length === 0 && !options.json) throw noAddress();
  using store = await openLedger(options.ledger, io);
  const nowMs = Date.parse(options.at ?? io.clock.now().utc);
  const changes = await stateChangesOf(readLedger(store, io.signal, 'newest first'), nowMs);
  if (options.json) io.stdout.write(`${JSON.stringify(changes, undefined, 2)}\n`);
  const isWorth = changes.changes.length > 0 || changes.failure !== null;
  if (!isWorth && !options.always) {
    io.stderr.write('Nothing changed since the run before, so no message was sent.\n');
    return 0;
  }
  const { headline, lines } = messageLines(changes, options.always);
  await Promise.all(
    sinks.map(async ({ kind, url }) => {
      const problem = await sendWebhook(url, webhookBody(kind, headline, lines), io.signal);
      io.stderr.write(
        problem === undefined
          ? `Sent to ${kind}: ${headline}\n`
          : `The message was not delivered to ${kind}: ${problem}. The message was: ${headline}\n`,
      );
    }),
  );
  return 0;
}

/** Reads the addresses from the environment, or from a file named there: every user of a machine can see arguments. */
async function sinksOf({ environment, cwd, secrets }: CommandIo): Promise<readonly Sink[]> {
  const sinks: Sink[] = [];
  for (const kind of webhookKinds) {
    const variable = variableOf(kind);
    const file = environment[`${variable}_FILE`] ?? '';
    const thing = file === '' ? `$${variable}` : `the file that $${variable}_FILE names`;
    const text =
      file === '' ? environment[variable] : await explaining(thing, () => readFile(resolve(cwd, file), 'utf8'));
    const address = text?.trim() ?? '';
    if (address === '' && file === '') continue;
    if (address !== '') secrets?.add(address, `address of the webhook of ${kind}`);
    sinks.push({ kind, url: parseWebhook(address, thing) });
  }
  return sinks;
}

const variableOf = (kind: WebhookKind): string => `DR_CONTRACTS_${kind.toUpperCase()}_WEBHOOK`;

function noAddress(): ExplainedError {
  const variables = webhookKinds.map((kind) => `$${variableOf(kind)}`);
  return new ExplainedError({
    thing: 'notify',
    expected: `the address of a webhook in ${variables.join(' or ')}`,
    observed: 'none of them is set',
    nextStep: `Set ${variables[0]} from a secret of the pipeline, or ${variables[0]}_FILE to a file that holds the address.`,
  });
}

/**
 * Writes the results of a run into one comment on the pull request, which the next run edits. A comment that GitHub rejects is reported on
 * stderr, and is no failure.
 * @throws {ExplainedError} when there is no token or no run.
 */
export async function runComment(options: CommentOptions, io: CommandIo): Promise<0> {
  const number = options.pull ?? pullIn(io.environment);
  if (number === undefined) {
    io.stderr.write('This is not a pull request, so there is nothing to comment on. Name one with --pull.\n');
    return 0;
  }
  const pull = pullRequest(number, io);
  const run = await findRun(options.run ?? 'last', options.ledger, io);
  const waivers = await waiversOf(options, io);
  const body = [...exportRun('github-comment', run, waivers, Date.parse(io.clock.now().utc))].join('');
  const commented = await writeComment(pull, body, io.signal);
  io.stderr.write(
    'done' in commented
      ? `The comment on pull request ${number} was ${commented.done}.\n`
      : `The comment on pull request ${number} was not written: ${commented.problem}\n`,
  );
  return 0;
}

/** Parses `refs/pull/12/merge`, which GitHub Actions sets for a pull request. */
function pullIn({ GITHUB_REF = '' }: Environment): number | undefined {
  const [, digits] = /^refs\/pull\/(\d+)\//.exec(GITHUB_REF) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function pullRequest(number: number, { environment, secrets }: CommandIo): PullRequest {
  const { GITHUB_TOKEN: token = '', GITHUB_REPOSITORY: repository = '' } = environment;
  const missing =
    token === '' ? 'GITHUB_TOKEN' : /^[\w.-]+\/[\w.-]+$/.test(repository) ? undefined : 'GITHUB_REPOSITORY';
  if (missing !== undefined) {
    throw new ExplainedError({
      thing: 'comment',
      expected: missing === 'GITHUB_TOKEN' ? 'a token in $GITHUB_TOKEN' : 'owner/name in $GITHUB_REPOSITORY',
      observed: 'there is none',
      nextStep:
        missing === 'GITHUB_TOKEN'
          ? `Add \`env: { GITHUB_TOKEN: $\{{ github.token }} }\` to the step.`
          : 'Run it in GitHub Actions, or set the variable.',
    });
  }
  secrets?.add(token, 'GITHUB_TOKEN');
  return { apiUrl: environment['GITHUB_API_URL'] || 'https://api.github.com', repository, number, token };
}
