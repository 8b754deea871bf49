import { on } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { priorities } from '../../model/contract.ts';
import { ExplainedError, summaryOf, UsageError } from '../../model/errors.ts';
import type { Capability } from '../../model/service.ts';
import { formatDuration, parseDurationMs, parseRpo } from '../../model/units.ts';
import type { FirstContract } from '../../registered/first-contract.ts';
import { firstContracts } from '../../registered/providers.ts';
import { longestGapMs } from '../../verdict/schedule-gap.ts';

/** Pipelines that `init` can write. */
export const pipelineSystems = ['github', 'gitlab'] as const;
export type PipelineSystem = (typeof pipelineSystems)[number];

/** Assets for which `init` can write a first contract. */
export const startAssets: readonly Capability[] = [...firstContracts.keys()];

/** The default asset. */
export const [defaultAsset = ''] = startAssets;

/** @throws for an asset outside `startAssets`. */
export function firstContractOf(asset: Capability): FirstContract {
  const first = firstContracts.get(asset);
  if (first === undefined) throw new Error(`no provider of ${asset} brings a first contract`);
  return first;
}

/** Content of a first contract and the pipeline that drills it, from the command line or from the reader's answers. */
export interface Answers {
  readonly asset: Capability;
  readonly name: string;
  readonly rto: string;
  readonly rpo: string;
  readonly priority: (typeof priorities)[number];
  readonly owner: string;
  readonly cron: string;
  readonly ci: PipelineSystem | 'none';
}

/** Makes the schema of a text. `valid` throws for a bad one; the reader sees its message. */
const text = (valid: (given: string) => void) =>
  z.string().superRefine((given, context) => {
    try {
      valid(given);
    } catch (error) {
      context.addIssue({ code: 'custom', message: summaryOf(error) });
    }
  });

/** One schema per answer, so that a question can be repeated at once. */
const answerSchemas = {
  asset: z.enum(startAssets),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, such as orders'),
  rto: text((given) => parseDurationMs(given, 'RTO')),
  rpo: text((given) => parseRpo(given, 'RPO')),
  priority: z.enum(priorities),
  owner: z
    .string()
    .trim()
    .regex(/^[^'\\\n]{1,80}$/, 'a name of at most 80 characters, without quotes'),
  cron: text((given) => longestGapMs({ cron: given, timeZone: 'UTC' }, new Date())),
  ci: z.enum([...pipelineSystems, 'none']),
} as const;

/** Returns the default content of a first contract. */
const defaultAnswers = (asset: Capability): Answers => ({
  asset,
  priority: 'P1',
  owner: 'platform',
  ci: 'github',
  ...firstContractOf(asset).proposed,
});

/**
 * Returns why no drill can meet the promise, however good backup and restore are; empty where one may. The contract is still written: its
 * objectives may be what was promised, and its drill then shows by how much they are missed.
 */
export function impossibilities({ asset, rto, rpo, cron }: Answers, from = new Date()): readonly string[] {
  const { detection, decision } = firstContractOf(asset);
  const budgetMs = detection.failures * parseDurationMs(detection.every) + parseDurationMs(decision);
  const rtoMs = parseDurationMs(rto, 'RTO');
  const rpoMs = parseRpo(rpo, 'RPO');
  const gapMs = longestGapMs({ cron, timeZone: 'UTC' }, from);
  const found: string[] = [];
  if (rtoMs <= budgetMs) {
    found.push(
      `RTO ${formatDuration(rtoMs)} cannot be met: detection and decision alone take ${formatDuration(budgetMs)} in this contract. Promise a longer RTO, or lower \`detection\` and \`decision\` to the times that they really take.`,
    );
  }
  if (rpoMs !== null && rpoMs <= gapMs) {
    found.push(
      `RPO ${formatDuration(rpoMs)} cannot be met: two backups of "${cron}" are up to ${formatDuration(gapMs)} apart. Take backups more often, or promise a longer RPO.`,
    );
  }
  return found;
}

/**
 * Completes the values of the command line with the defaults.
 * @throws {UsageError} for the first invalid answer, naming its option.
 */
export function answersFrom(given: Partial<Answers>): Answers {
  const parsed = z.object(answerSchemas).partial().safeParse(given);
  if (parsed.success) {
    const said = Object.fromEntries(Object.entries(parsed.data).filter(([, value]) => value !== undefined));
    return { ...defaultAnswers(parsed.data.asset ?? defaultAsset), ...said };
  }
  const [issue] = parsed.error.issues;
  throw new UsageError(
    {
      thing: `--${String(issue?.path[0] ?? 'asset')}`,
      expected: 'a value that a contract accepts',
      observed: `it is not valid: ${issue?.message ?? 'unknown'}`,
      nextStep: 'Run `npx dr-contracts init --help` to see the options.',
    },
    { cause: parsed.error },
  );
}

type Name = keyof Answers;

const QUESTIONS: Readonly<Record<Name, string>> = {
  asset: `What is protected (${startAssets.join(', ')})`,
  name: 'Name of the promise',
  rto: 'Back within (RTO)',
  rpo: 'Lose at most this much of the writes (RPO; 0s for no loss, none for an asset without data)',
  priority: `Priority (${priorities.join(', ')})`,
  owner: 'Who answers for it',
  cron: 'When backups are taken (cron, UTC)',
  ci: `Pipeline that drills it (${[...pipelineSystems, 'none'].join(', ')})`,
};

interface Conversation {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * Asks for the values that the command line left open, each with its default; repeats the question after an invalid answer.
 * @param proposed defaults that suit this folder better than the usual ones.
 */
export async function askAnswers(
  given: Partial<Answers>,
  proposed: Pick<Answers, 'ci'>,
  { input, output, signal }: Conversation,
): Promise<Answers> {
  // Checks the options first, so that the reader does not answer eight questions before a bad option is reported.
  answersFrom(given);
  const terminal = createInterface({ input, output });
  // Several pasted answers arrive at once: early ones are kept for the next questions.
  let isOpen = true;
  terminal.once('close', () => {
    isOpen = false;
  });
  const lines = on(terminal, 'line', { signal, close: ['close'] });
  const ask = async (name: Name, proposed: string): Promise<string> => {
    for (;;) {
      const question = `${QUESTIONS[name]} [${proposed}]: `;
      terminal.setPrompt(question);
      // Ctrl-C and Ctrl-D close it, and so does the end of pasted lines that are not yet read.
      if (isOpen) terminal.prompt();
      else output.write(question);
      const next = await lines.next();
      if (next.done === true) throw unanswered();
      const said = z.tuple([z.string()]).parse(next.value)[0].trim();
      const parsed = answerSchemas[name].safeParse(said === '' ? proposed : said);
      if (parsed.success) return parsed.data;
      output.write(`  ${parsed.error.issues[0]?.message ?? 'That is not a valid answer.'}\n`);
    }
  };
  try {
    const asset = answersFrom({
      asset: answerSchemas.asset.parse(given.asset ?? (await ask('asset', defaultAsset))),
    }).asset;
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
    observed: 'the input ended early',
    nextStep: 'Nothing was written. Run it again, or run it with --yes, which uses the defaults.',
  });
