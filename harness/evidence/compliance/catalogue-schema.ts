import { z } from 'zod';

// The form of the control catalogue. It paraphrases each clause; the authoritative text is in its source.

/** The frameworks, as the command line names them. */
export const frameworkIds = ['soc2', 'iso27001', 'nist-800-53', 'dora', 'nis2', 'fedramp-20x'] as const;
export type FrameworkId = (typeof frameworkIds)[number];

/**
 * Kinds of evidence that a drill can contribute to a clause.
 * - `recovery`: the asset was destroyed and recovered, and every promise about it was kept.
 * - `content`: the restored content was compared item by item with the original, and was the same.
 * - `objectives`: recovery time and data loss were measured against their objectives, whether they were kept or not.
 * - `exposure`: the loss that the schedule permits was computed and is within the RPO.
 * - `switchover`: the service moved to another place, and the fail-back was proved if one is promised.
 * - `posture`: settings of backups were read without a drill, and were as promised.
 * - `record`: the ledger holds the whole record of a run, including failures.
 */
export const evidenceKinds = [
  'recovery',
  'content',
  'objectives',
  'exposure',
  'switchover',
  'posture',
  'record',
] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

const text = z.string().trim().min(1);

export const clauseSchema = z.strictObject({
  id: text.describe('As the framework writes it.'),
  title: text,
  asks: text.describe('What it asks for, in our own words.'),
  /** The longest time between two proofs; null if the text names none. */
  everyDays: z.number().int().positive().nullable(),
  cadence: text.describe('How often the text, or its usual reading, asks for it.'),
  evidence: z.enum(evidenceKinds),
  cannotShow: z.array(text).min(1).describe('What this clause asks for and a drill cannot show.'),
  source: z.url(),
});

export const frameworkSchema = z.strictObject({
  id: z.enum(frameworkIds),
  name: text,
  version: text.describe('The version of the text to which the clauses belong.'),
  source: z.url(),
  /** Spellings of the framework's name before a clause, e.g. `SOC 2` in `SOC 2 A1.3`. */
  namedAs: z.array(text).min(1),
  clauses: z.array(clauseSchema).min(1),
});

export type Clause = z.infer<typeof clauseSchema>;
export type Framework = z.infer<typeof frameworkSchema>;

/** `SOC 2 A1.3` and `soc2 a1.3` name the same clause, and so do `DORA Art. 12(2)` and `DORA 12(2)`. */
export function isNamed(control: string, framework: Framework, clause: Pick<Clause, 'id'>): boolean {
  const plain = (words: string) => words.toLowerCase().replaceAll(/\bart(icle)?\b|[^a-z0-9]/g, '');
  return framework.namedAs.some((name) => plain(control) === plain(name) + plain(clause.id));
}
