import { readLedger } from '../../evidence/ledger/read-ledger.ts';
import { messageLines, webhookBody } from '../../evidence/notify/message.ts';
import { parseWebhook, sendWebhook } from '../../evidence/notify/send-webhook.ts';
import { stateChangesOf } from '../../evidence/notify/state-changes.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger } from '../verify-command.ts';
import { type NotifyOptions, WEBHOOK_VARIABLE } from './evidence-options.ts';

/**
 * Tells a chat what changed with the last run. A chat that does not take the message is reported on stderr, and is no failure.
 * @throws {ExplainedError} when there is no address, or the ledger cannot be read.
 */
export async function runNotify(options: NotifyOptions, io: CommandIo): Promise<0> {
  const url = webhookOf(options, io);
  using store = await openLedger(options.ledger, io);
  const nowMs = Date.parse(options.at ?? io.clock.now().utc);
  const changes = await stateChangesOf(readLedger(store, io.signal), nowMs);
  if (options.json) io.stdout.write(`${JSON.stringify(changes, undefined, 2)}\n`);
  const isWorth = changes.changes.length > 0 || changes.failure !== null;
  if (!isWorth && !options.always) {
    io.stderr.write('Nothing changed since the run before, so no message was sent.\n');
    return 0;
  }
  const { headline, lines } = messageLines(changes, options.always);
  const problem = await sendWebhook(url, webhookBody(options.kind, headline, lines), io.signal);
  if (problem === undefined) io.stderr.write(`Sent to ${options.kind}: ${headline}\n`);
  else io.stderr.write(`The message was not delivered to ${options.kind}: ${problem}. It said: ${headline}\n`);
  return 0;
}

function webhookOf({ to }: NotifyOptions, io: CommandIo): URL {
  const text = to ?? io.environment[WEBHOOK_VARIABLE] ?? '';
  if (text === '') {
    throw new ExplainedError({
      thing: 'the webhook',
      expected: 'an address',
      observed: `neither --to nor $${WEBHOOK_VARIABLE} is set`,
      nextStep: `Set $${WEBHOOK_VARIABLE} from a secret of the pipeline.`,
    });
  }
  io.secrets?.add(text, 'address of the webhook');
  return parseWebhook(text, to === undefined ? `$${WEBHOOK_VARIABLE}` : '--to');
}
