import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { findingNames } from '../../model/record.ts';

// `dr-waivers.yaml`: what a project accepts for a while although it is not as promised, each with a reason, an owner, an approver and an
// end.

const DAY_MS = 86_400_000;
/** How long before its end a waiver is announced. */
export const ANNOUNCED_MS = 14 * DAY_MS;

/** Findings that no waiver covers. Whoever could waive these could waive the proof itself. */
export const UNWAIVABLE = {
  content: 'corrupted or lost data cannot be waived',
  destruction: 'without proof of the destruction the drill proves nothing, which cannot be waived',
  signature: 'a signature that the policy asks for cannot be waived; change `signedBy` in the policy',
} as const satisfies Readonly<Record<string, string>>;

/** Why a waiver of `changed` does not cover everything that changed. */
export const UNWAIVABLE_CHANGE = {
  uncommitted: 'what is not committed cannot be promoted, whatever is accepted',
  notMet: 'the last proof of the other files is not met as the policy asks; drill again',
} as const;

/** What a gate finds besides the findings of a record. */
export const gateFindingNames = [
  'missing',
  'removed',
  'stale',
  'overdue',
  'changed',
  'target',
  'regression',
  'sign-off',
] as const;

const waivableNames = [...findingNames.filter((name) => !(name in UNWAIVABLE)), ...gateFindingNames];

const text = z.string().trim().min(1);

export const waiverSchema = z.strictObject({
  contract: text.meta({ description: 'Name of the contract.' }),
  disaster: text.optional().meta({ description: 'One of its disasters; all of them when left out.' }),
  finding: text.meta({
    description: `What is accepted: ${waivableNames.join(', ')}, or the name of a posture check. Not to be waived: ${Object.keys(UNWAIVABLE).join(', ')}, and split brain.`,
  }),
  reason: text.meta({ description: 'Why the risk is accepted.' }),
  owner: text.meta({ description: 'Who gets it fixed.' }),
  approver: text.meta({ description: 'Who accepted the risk.' }),
  expires: z.iso.date().meta({ description: 'The last day on which it counts (UTC), e.g. 2027-01-31.' }),
  ticket: text.optional().meta({ description: 'Where the work is tracked.' }),
});

export const waiverFileSchema = z
  .strictObject({ waivers: z.array(waiverSchema).meta({ description: 'Empty where nothing is waived.' }) })
  .meta({ title: 'dr-contracts waivers' });

export type Waiver = z.output<typeof waiverSchema>;

/**
 * The waivers of a YAML or JSON text.
 * @throws {ExplainedError} that names the waiver and the field, for a text that is no YAML, an unknown or missing field, a finding
 * that cannot be waived, or two waivers for the same thing.
 */
export function parseWaivers(source: string, thing: string): readonly Waiver[] {
  // A date stays a text: in YAML 1.2's core schema there are none.
  const document = parseDocument(source, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw wrong(thing, problem.message.split('\n')[0] ?? 'it is no YAML', problem);
  const content: unknown = document.toJS();
  // A file that holds nothing but comments waives nothing.
  const parsed = waiverFileSchema.safeParse(content ?? { waivers: [] });
  if (!parsed.success) {
    throw wrong(thing, parsed.error.issues.map((issue) => issueText(issue, content)).join('; '), parsed.error);
  }
  const { waivers } = parsed.data;
  const seen = new Set<string>();
  for (const [index, waiver] of waivers.entries()) {
    const reason = Object.entries(UNWAIVABLE).find(([name]) => name === waiver.finding)?.[1];
    if (reason !== undefined) throw wrong(thing, `${nameOf(waiver, index)}: finding: ${reason}`);
    const key = JSON.stringify([waiver.contract, waiver.disaster ?? null, waiver.finding]);
    if (seen.has(key)) throw wrong(thing, `${nameOf(waiver, index)} stands there twice`);
    seen.add(key);
  }
  return waivers;
}

function issueText(issue: z.core.$ZodIssue, content: unknown): string {
  const [list, index, ...rest] = issue.path;
  const at = issue.path.join('.');
  const message =
    issue.code === 'unrecognized_keys'
      ? `there is no field ${issue.keys.map((key) => `"${key}"`).join(', ')}`
      : issue.message;
  if (list !== 'waivers' || typeof index !== 'number') return `${at === '' ? 'the whole' : at}: ${message}`;
  const waiver = z.looseObject({ waivers: z.array(z.unknown()) }).safeParse(content).data?.waivers[index];
  const known = z.looseObject({ contract: z.string(), finding: z.string() }).safeParse(waiver).data;
  const name = known === undefined ? `waiver ${index + 1}` : nameOf(known, index);
  return `${name}: ${rest.length === 0 ? '' : `${rest.join('.')}: `}${message}`;
}

const nameOf = ({ contract, finding }: { contract: string; finding: string }, index: number): string =>
  `waiver ${index + 1} (${contract}, ${finding})`;

function wrong(thing: string, observed: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    {
      thing,
      expected: `waivers with ${Object.keys(waiverSchema.shape).join(', ')}`,
      observed,
      nextStep: 'Correct the file; docs/ci.md shows one.',
    },
    { cause },
  );
}

/** The moment at which it stops counting: the end of its last day, UTC. */
export const endOf = ({ expires }: Pick<Waiver, 'expires'>): number => Date.parse(`${expires}T00:00:00Z`) + DAY_MS;
