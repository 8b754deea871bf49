import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readLedger } from '../../evidence/ledger/read-ledger.ts';
import { messageLines, type WebhookKind, webhookBody, webhookKinds } from '../../evidence/notify/message.ts';
import { parseWebhook, sendWebhook } from '../../evidence/notify/send-webhook.ts';
import { stateChangesOf } from '../../evidence/notify/state-changes.ts';
import { ExplainedError } from '../../model/errors.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger } from '../verify-command.ts';
import type { NotifyOptions } from './evidence-options.ts';

interface Sink {
  readonly kind: WebhookKind;
  readonly url: URL;
}

/**
 * Tells chats what changed with the last run. A chat that does not take the message is reported on stderr, and is no failure.
 * @throws {ExplainedError} when no address is given, one is none, or the ledger cannot be read.
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
          : `The message was not delivered to ${kind}: ${problem}. It said: ${headline}\n`,
      );
    }),
  );
  return 0;
}

/** An argument can be seen by every user of a machine, so an address is read from the environment, or from a file that it names. */
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
