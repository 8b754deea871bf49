import { z } from 'zod';
import { priorities } from '../../model/contract.ts';
import { summaryOf, UsageError } from '../../model/errors.ts';
import { formatDuration, parseDurationMs, parseRpo } from '../../model/units.ts';
import { longestGapMs } from '../../verdict/schedule-gap.ts';

/** Pipelines that `init` can write. */
export const pipelineSystems = ['github', 'gitlab'] as const;
export type PipelineSystem = (typeof pipelineSystems)[number];

export const startAssets = ['nats', 'kubernetes'] as const;
export type StartAsset = (typeof startAssets)[number];

/** What a first contract says, and which pipeline drills it, as the command line or its reader gave it. */
export interface Answers {
  readonly asset: StartAsset;
  readonly name: string;
  readonly rto: string;
  readonly rpo: string;
  readonly priority: (typeof priorities)[number];
  readonly owner: string;
  readonly cron: string;
  readonly ci: PipelineSystem | 'none';
}

/** `valid` throws when it does not like the text; what it throws is what the reader is told. */
const text = (valid: (given: string) => void) =>
  z.string().superRefine((given, context) => {
    try {
      valid(given);
    } catch (error) {
      context.addIssue({ code: 'custom', message: summaryOf(error) });
    }
  });

/** Each answer by itself, so that a question can be asked again at once. */
export const answerSchemas = {
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

/** What a first contract says where nobody says otherwise: objectives that the schedule can meet. */
export function defaultAnswers(asset: StartAsset): Answers {
  const common = { asset, priority: 'P1', owner: 'platform', ci: 'github' } as const;
  return asset === 'nats'
    ? { ...common, name: 'orders', rto: '15m', rpo: '5m', cron: '*/2 * * * *' }
    : { ...common, name: 'configuration', rto: '30m', rpo: '1h', cron: '*/30 * * * *' };
}

/** What a first contract budgets for detection and decision, which are added to every RTA. */
export const BUDGETS = {
  nats: { detection: { failures: 3, every: '30s' }, decision: '5m' },
  kubernetes: { detection: { failures: 3, every: '30s' }, decision: '10m' },
} as const;

/**
 * Why no drill can meet the promise, however good backup and restore are; empty where one may. The contract is written all the same: its
 * objectives may be what was promised, and its drill then shows by how much they are missed.
 */
export function impossibilities({ asset, rto, rpo, cron }: Answers, from = new Date()): readonly string[] {
  const { detection, decision } = BUDGETS[asset];
  const budgetMs = detection.failures * parseDurationMs(detection.every) + parseDurationMs(decision);
  const rtoMs = parseDurationMs(rto, 'RTO');
  const rpoMs = parseRpo(rpo, 'RPO');
  const gapMs = longestGapMs({ cron, timeZone: 'UTC' }, from);
  const found: string[] = [];
  if (rtoMs <= budgetMs) {
    found.push(
      `RTO ${formatDuration(rtoMs)} cannot be met: detection and decision alone take ${formatDuration(budgetMs)} in this contract. Promise more than that, or lower \`detection\` and \`decision\` to what they take.`,
    );
  }
  if (rpoMs !== null && rpoMs <= gapMs) {
    found.push(
      `RPO ${formatDuration(rpoMs)} cannot be met: between two backups of "${cron}" lie up to ${formatDuration(gapMs)}. Take backups more often, or promise more than that.`,
    );
  }
  return found;
}

/**
 * What the command line gives, completed by the defaults.
 * @throws {UsageError} for the first answer that cannot be, by its option.
 */
export function answersFrom(given: Partial<Answers>): Answers {
  const parsed = z.object(answerSchemas).partial().safeParse(given);
  if (parsed.success) {
    const said = Object.fromEntries(Object.entries(parsed.data).filter(([, value]) => value !== undefined));
    return { ...defaultAnswers(parsed.data.asset ?? 'nats'), ...said };
  }
  const [issue] = parsed.error.issues;
  throw new UsageError(
    {
      thing: `--${String(issue?.path[0] ?? 'asset')}`,
      expected: 'something that a contract can say',
      observed: `it is not: ${issue?.message ?? 'unknown'}`,
      nextStep: 'Run `npx dr-contracts init --help` to see the options.',
    },
    { cause: parsed.error },
  );
}
