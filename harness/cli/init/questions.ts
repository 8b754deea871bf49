import { createInterface } from 'node:readline/promises';
import { priorities } from '../../model/contract.ts';
import { ExplainedError } from '../../model/errors.ts';
import { type Answers, answerSchemas, answersFrom, defaultAnswers, pipelineSystems, startAssets } from './answers.ts';

type Name = keyof Answers;

const QUESTIONS: Readonly<Record<Name, string>> = {
  asset: `What is protected (${startAssets.join(', ')})`,
  name: 'Name of the promise',
  rto: 'Back within (RTO)',
  rpo: 'At most this much of the writes is lost (RPO; 0s for no loss, none for an asset without data)',
  priority: `Priority (${priorities.join(', ')})`,
  owner: 'Who answers for it',
  cron: 'When backups are taken (cron, UTC)',
  ci: `Pipeline that drills it (${[...pipelineSystems, 'none'].join(', ')})`,
};

export interface Conversation {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * Asks for what the command line left open, each with its default; asks again for what cannot be.
 * @param proposed defaults that suit this folder better than the usual ones.
 */
export async function askAnswers(
  given: Partial<Answers>,
  proposed: Pick<Answers, 'ci'>,
  { input, output, signal }: Conversation,
): Promise<Answers> {
  // Bad options first: nobody answers eight questions to hear of them afterwards.
  answersFrom(given);
  const terminal = createInterface({ input, output });
  // Ctrl-C and Ctrl-D close the input, and would leave the question open for ever.
  const closed = new AbortController();
  terminal.once('close', () => closed.abort(unanswered()));
  const ended = AbortSignal.any([signal, closed.signal]);
  const ask = async (name: Name, proposed: string): Promise<string> => {
    for (;;) {
      const said = (await terminal.question(`${QUESTIONS[name]} [${proposed}]: `, { signal: ended })).trim();
      const parsed = answerSchemas[name].safeParse(said === '' ? proposed : said);
      if (parsed.success) return parsed.data;
      output.write(`  ${parsed.error.issues[0]?.message ?? 'That cannot be.'}\n`);
    }
  };
  try {
    const asset = answersFrom({ asset: answerSchemas.asset.parse(given.asset ?? (await ask('asset', 'nats'))) }).asset;
    const proposals = { ...defaultAnswers(asset), ...proposed };
    const answers: Record<string, string> = { ...given, asset };
    for (const name of ['name', 'rto', 'rpo', 'priority', 'owner', 'cron', 'ci'] as const) {
      answers[name] ??= await ask(name, proposals[name]);
    }
    return answersFrom(answers);
  } catch (error) {
    if (ended.aborted) throw ended.reason;
    throw error;
  } finally {
    terminal.close();
  }
}

const unanswered = (): ExplainedError =>
  new ExplainedError({
    thing: 'init',
    expected: 'an answer to every question',
    observed: 'the input ended before',
    nextStep: 'Nothing was written. Run it again, or with --yes, which takes the defaults.',
  });
