import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { optionsMistake } from '../../model/options-mistake.ts';
import { findingNames } from '../../model/record.ts';

// `dr-waivers.yaml`: broken promises that a project accepts for a while, each with a reason, an owner, an approver and an end.

const DAY_MS = 86_400_000;
/** Time before the end of a waiver from which on it is announced. */
export const ANNOUNCED_MS = 14 * DAY_MS;

/** Findings that no waiver covers. Waiving these would waive the proof itself. */
export const UNWAIVABLE = {
  content: 'corrupted or lost data cannot be waived',
  destruction: 'without proof of the destruction the drill proves nothing, which cannot be waived',
  signature: 'a signature that the policy asks for cannot be waived; change `signedBy` in the policy',
} as const satisfies Readonly<Record<string, string>>;

/** Reasons why a waiver of `changed` does not cover a change. */
export const UNWAIVABLE_CHANGE = {
  uncommitted: 'uncommitted changes cannot be promoted, even with a waiver',
  notMet: 'the last proof, which is of other files, does not satisfy the rest of the policy; drill again',
} as const;

/** Findings of the gate itself, besides those of a record. */
const gateFindingNames = [
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

const waiverSchema = z.strictObject({
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
  // A date stays text: YAML 1.2's core schema has no dates.
  const document = parseDocument(source, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw wrong(thing, 'valid YAML', `it is not: ${(problem.message.split('\n')[0] ?? '').replace(/:$/, '')}`, problem);
  }
  // A file with only comments waives nothing.
  const content: unknown = document.toJS() ?? { waivers: [] };
  const parsed = waiverFileSchema.safeParse(content);
  if (!parsed.success) throw malformed(thing, content, parsed.error);
  const { waivers } = parsed.data;
  const seen = new Set<string>();
  for (const [index, waiver] of waivers.entries()) {
    const at = `${thing}: ${nameOf(waiver, index)}`;
    const reason = Object.entries(UNWAIVABLE).find(([name]) => name === waiver.finding)?.[1];
    if (reason !== undefined)
      throw wrong(at, 'a finding that can be waived', `\`finding\` is "${waiver.finding}", and ${reason}`);
    const key = JSON.stringify([waiver.contract, waiver.disaster ?? null, waiver.finding]);
    if (seen.has(key)) throw wrong(at, 'each waiver once', 'an earlier one waives the same');
    seen.add(key);
  }
  return waivers;
}

const NEXT_STEP = 'Correct the file; docs/ci.md shows one.';

/** Returns an error that names the waiver by its readable parts, and the field. */
function malformed(thing: string, content: unknown, failure: z.ZodError): ExplainedError {
  // If a field is missing because its name is misspelt, the error names the misspelt name.
  const error = new z.ZodError(
    failure.issues.toSorted((a, b) => Number(b.code === 'unrecognized_keys') - Number(a.code === 'unrecognized_keys')),
  );
  const whole = { thing, schema: waiverFileSchema, options: content, error, whole: 'the file', nextStep: NEXT_STEP };
  const [list, index] = error.issues[0]?.path ?? [];
  if (list !== 'waivers' || typeof index !== 'number') return optionsMistake(whole);
  const waiver = z.looseObject({ waivers: z.array(z.unknown()) }).safeParse(content).data?.waivers[index];
  const found = waiverSchema.safeParse(waiver).error;
  if (found === undefined) return optionsMistake(whole);
  const known = z.looseObject({ contract: z.string().min(1), finding: z.string().min(1) }).safeParse(waiver).data;
  const name = known === undefined ? `waiver ${index + 1}` : nameOf(known, index);
  const inWaiver = { schema: waiverSchema, options: waiver, error: found, whole: 'the waiver', nextStep: NEXT_STEP };
  return optionsMistake({ ...inWaiver, thing: `${thing}: ${name}` });
}

const nameOf = ({ contract, finding }: { contract: string; finding: string }, index: number): string =>
  `waiver ${index + 1} (${contract}, ${finding})`;

const wrong = (thing: string, expected: string, observed: string, cause?: unknown): ExplainedError =>
  new ExplainedError({ thing, expected, observed, nextStep: NEXT_STEP }, { cause });

/** Returns the moment at which the waiver stops counting: the end of its last day, UTC. */
export const endOf = ({ expires }: Pick<Waiver, 'expires'>): number => Date.parse(`${expires}T00:00:00Z`) + DAY_MS;

/** Limits of a policy on waivers; null for no limit. */
export interface WaiverLimits {
  readonly longestMs: number | null;
  readonly most: number | null;
}

/**
 * Returns whether the waiver covers one of those findings of a promise. A posture contract has no disaster, so a waiver that names one is
 * not for it.
 */
export const isFor = (
  { contract, disaster, finding }: Waiver,
  promise: { readonly contract: string | null; readonly disaster: string | null },
  findings: readonly string[],
): boolean => isOfPromise({ contract, disaster }, promise) && findings.includes(finding);

export const isOfPromise = (
  { contract, disaster }: Pick<Waiver, 'contract' | 'disaster'>,
  promise: { readonly contract: string | null; readonly disaster: string | null },
): boolean => contract === promise.contract && (disaster === undefined || disaster === promise.disaster);

/** Returns whether the waiver ends later than the policy allows today. */
export const isTooLong = (waiver: Waiver, { longestMs }: WaiverLimits, nowMs: number): boolean =>
  longestMs !== null && endOf(waiver) - nowMs > longestMs;

/**
 * Returns the waivers that the policy allows. If there are too many, it returns none and the gate blocks, because the surplus ones are
 * unknown.
 */
export function allowedWaivers(waivers: readonly Waiver[], limits: WaiverLimits, nowMs: number): readonly Waiver[] {
  if (limits.most !== null && waivers.length > limits.most) return [];
  return waivers.filter((waiver) => !isTooLong(waiver, limits, nowMs));
}
