import { on } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
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
  // Several answers that are pasted arrive at once: what nobody has asked for yet is kept for the questions to come.
  let isOpen = true;
  terminal.once('close', () => {
    isOpen = false;
  });
  const lines = on(terminal, 'line', { signal, close: ['close'] });
  const ask = async (name: Name, proposed: string): Promise<string> => {
    for (;;) {
      const question = `${QUESTIONS[name]} [${proposed}]: `;
      terminal.setPrompt(question);
      // Ctrl-C and Ctrl-D close it, and so does the end of pasted lines that are still to be read.
      if (isOpen) terminal.prompt();
      else output.write(question);
      const next = await lines.next();
      if (next.done === true) throw unanswered();
      const said = z.tuple([z.string()]).parse(next.value)[0].trim();
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
    if (signal.aborted) throw signal.reason;
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
