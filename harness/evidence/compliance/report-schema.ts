import { z } from 'zod';
import { auditNotesSchema, ranBySchema } from '../../model/audit.ts';
import { postureVerdicts } from '../../model/posture.ts';
import { verdicts } from '../../model/record.ts';
import { clauseSchema, evidenceKinds, frameworkIds } from './catalogue-schema.ts';
import { distributionSchema } from './distribution.ts';

// The compliance report as plain data. `--format json` writes this form, which is part of the public interface.

/** Increased when a reader of the old form would misread the new one. */
export const COMPLIANCE_SCHEMA_VERSION = 1;

const utc = z.iso.datetime();
const count = z.number().int().nonnegative();
const durationMs = z.number().nonnegative();

/** A drill, or a run of posture checks, with its place in the ledger. */
const place = z.object({
  at: utc.describe('When it was proved: the end of the drill, or the date of the entry if that is earlier.'),
  runId: z.string(),
  drillId: z.string().nullable().describe('Null for a run of posture checks.'),
  sequence: count.describe('The entry of the ledger.'),
  digest: z.string(),
  keyId: z.string().nullable().describe('The key that signed the entry; null if it is not signed.'),
  target: z.string(),
  commit: z.string().nullable(),
});

const promiseStates = [...verdicts, 'missed'] as const;

const promise = z.object({
  contract: z.string(),
  disaster: z.string().nullable().describe('Null for a posture contract.'),
  owner: z.string(),
  priority: z.string(),
  controls: z.array(z.string()),
  audit: auditNotesSchema.nullable().describe('What the contract states for auditors; null where it states nothing.'),
  isWithdrawn: z.boolean().describe('The project no longer stated it at the end of the period.'),
  state: z
    .enum(promiseStates)
    .describe('The worst of its last drills of the period on each target; `missed` if there was none.'),
  drills: z.object({ met: count, atRisk: count, breached: count, unproven: count }),
  cadenceMs: z.number().positive().nullable(),
  missedRuns: count.describe('Scheduled runs that are missing, by the cadence that the contract promises.'),
  lastProof: place.nullable().describe('The last drill that was met or at risk, also before the period.'),
  lastProofAgeMs: durationMs.nullable().describe('At the end of the period.'),
  nextDue: utc.nullable().describe('Null where no cadence is promised.'),
  rta: distributionSchema,
  rpa: distributionSchema,
  keepsNoData: z.boolean().describe('Its last drill says that the asset keeps no data: no loss is promised or judged.'),
});

const supportSchema = z.object({
  contract: z.string(),
  disaster: z.string().nullable(),
  supporting: count.describe('Drills of the period that show it.'),
  others: count.describe('Drills of the period that were to show it and did not.'),
  first: place.nullable(),
  last: place.nullable(),
  longestGapMs: durationMs
    .nullable()
    .describe(
      'The longest time without such a drill that ends in the period or at its end; null where there was none.',
    ),
});

const evidenceSchema = z.object({
  kind: z.enum(evidenceKinds),
  drills: count,
  runs: count.describe('Runs that contributed. `runs[].evidence` says which.'),
  promises: z.array(supportSchema),
});

const clause = clauseSchema.extend({
  namedBy: z.array(z.string()).describe('Contracts that name the clause.'),
  drills: count.describe('Supporting drills of the period.'),
  runs: count,
  runIds: z.array(z.string()).describe('The last supporting runs, the newest first.'),
  without: z.array(z.string()).describe('Promises without a supporting drill in the period.'),
  late: z
    .array(z.object({ promise: z.string(), longestGapMs: durationMs }))
    .describe('Promises whose longest gap exceeds `everyDays`.'),
});

const framework = z.object({
  id: z.enum(frameworkIds),
  name: z.string(),
  version: z.string(),
  source: z.string(),
  clauses: z.array(clause),
});

const runSchema = z.object({
  runId: z.string(),
  began: utc,
  ended: utc.nullable(),
  ending: z
    .enum(['finished', 'failed', 'killed', 'none'])
    .describe('failed: the run itself did not come to its end. none: it had no end by the end of the period.'),
  target: z.string().nullable(),
  command: z.string(),
  trigger: z.string(),
  ranBy: ranBySchema,
  commit: z.string().nullable(),
  dirty: z.boolean().nullable(),
  drills: z.object({ met: count, atRisk: count, breached: count, unproven: count }),
  postures: z.record(z.enum(postureVerdicts), count),
  entries: z.object({ first: count, last: count }),
  keyIds: z.array(z.string().nullable()),
  evidence: z.array(z.enum(evidenceKinds)),
});

const deviationSchema = z.object({
  sequence: count,
  at: utc,
  keyId: z.string().nullable(),
  contract: z.string(),
  disaster: z.string().nullable(),
  cause: z.string(),
  correctiveAction: z.string(),
  owner: z.string(),
  due: z.string(),
  ticket: z.string().nullable(),
  closed: z
    .object({ at: utc, closedBy: z.string(), comment: z.string(), sequence: count, retestSequence: count })
    .nullable()
    .describe('Who closed it, by which retest; null while it is open at the end of the period.'),
  isOverdue: z.boolean().describe('It was due before the end of the period, and was not closed by then.'),
});

const deficiency = z.object({
  id: z.string(),
  what: z.string().describe('Contract and disaster, a posture contract, or the run itself.'),
  contract: z.string().nullable(),
  disaster: z.string().nullable(),
  owner: z.string().nullable(),
  ofContracts: z
    .array(z.string())
    .nullable()
    .describe(
      'For the deficiency of a run: the contracts that it was to run. A later run of all of these on the same target closes it.',
    ),
  target: z.string().describe('The target on which it was seen. A retest on another target does not close it.'),
  worst: z.enum(['breached', 'unproven']),
  firstSeen: place,
  lastSeen: place,
  attempts: count.describe('How many drills showed it, including the first and the last.'),
  sentence: z.string().describe('What the first of them found.'),
  findings: z.array(z.string()),
  retest: place.nullable().describe('The first drill since that was met or at risk; null while it is open.'),
  openForMs: durationMs.describe('From the first one to the retest, or to the end of the period.'),
  deviations: z.array(deviationSchema),
});

const signOff = z.object({
  sequence: count,
  at: utc,
  keyId: z.string().nullable(),
  runId: z.string().nullable(),
  what: z.string().describe('What was reviewed: a run, or a contract.'),
  entries: z.array(count).describe('The entries that were reviewed. The review does not cover later ones.'),
  reviewer: z.string(),
  role: z.string().nullable(),
  outcome: z.string(),
  comment: z.string(),
});

export const complianceReportSchema = z.object({
  schemaVersion: z.literal(COMPLIANCE_SCHEMA_VERSION),
  madeAt: utc,
  period: z.object({ from: utc, to: utc }),
  ledger: z.object({
    at: z.string(),
    verdict: z.string().describe('What `dr-contracts verify` says of the whole ledger.'),
    sentence: z.string().describe('The same in words.'),
    entries: count,
    from: utc.nullable(),
    to: utc.nullable(),
    head: z.object({ sequence: count, digest: z.string() }).nullable(),
    signedBy: z.array(z.object({ keyId: z.string(), entries: count })),
    unsigned: count,
    signedFrom: count.nullable().describe('The first signed entry of a run; null where there is none.'),
    givenKeys: z.array(z.string()).describe('Identities of the keys that were given when the report was made.'),
    givenReviewerKeys: z
      .array(z.string())
      .describe('Identities of the keys that were given for sign-offs and deviations only.'),
    faults: z.array(z.object({ name: z.string(), sentence: z.string() })),
    notes: z.array(z.string()),
  }),
  population: z.object({
    promised: count.describe('Promises of the period: a contract with one disaster, or a posture contract.'),
    run: count.describe('Of these, promises with at least one drill in the period.'),
    met: count,
    atRisk: count,
    breached: count,
    unproven: count,
    missed: count,
    withdrawn: count,
    missedRuns: count.describe('Scheduled runs that are missing.'),
    drills: z.object({ met: count, atRisk: count, breached: count, unproven: count }),
    postures: z
      .object({ met: count, atRisk: count, breached: count, unproven: count })
      .describe('How often the posture contracts were checked; none of them is ever at risk.'),
    runs: z.object({ finished: count, failed: count, killed: count, none: count }),
  }),
  promises: z.array(promise),
  evidence: z.array(evidenceSchema),
  frameworks: z.array(framework),
  catalogueDate: z.iso.date(),
  controlsNotInCatalogue: z.array(z.object({ control: z.string(), contracts: z.array(z.string()) })),
  deficiencies: z.array(deficiency),
  deficienciesLeftOut: count,
  deviations: z.array(deviationSchema).describe('Deviations of the period that belong to no deficiency of the report.'),
  signOffs: z.array(signOff),
  runs: z.array(runSchema),
  runsLeftOut: count,
  harnessVersions: z.array(z.string()),
  limits: z.array(z.string()),
});

export type ComplianceReport = z.infer<typeof complianceReportSchema>;
export type PlaceInLedger = z.infer<typeof place>;
export type PromiseLine = z.infer<typeof promise>;
export type SupportLine = z.infer<typeof supportSchema>;
export type EvidenceLine = z.infer<typeof evidenceSchema>;
export type ClauseLine = z.infer<typeof clause>;
export type FrameworkLine = z.infer<typeof framework>;
export type RunLine = z.infer<typeof runSchema>;
export type DeficiencyLine = z.infer<typeof deficiency>;
export type DeviationLine = z.infer<typeof deviationSchema>;
export type SignOffLine = z.infer<typeof signOff>;
export type VerdictCounts = RunLine['drills'];
