import { z } from 'zod';
import { type AuditNotes, auditNotesSchema, cadenceMsSchema } from './audit.ts';
import { causeSchema, undecidedSchema } from './causes.ts';
import type { Contract } from './contract.ts';
import { costSchema } from './cost.ts';
import type { ReadPastRuns } from './past-run.ts';
import { runPolicy } from './record-parts.ts';
import type { Capability } from './service.ts';
import type { Step } from './step.ts';
import type { Target } from './target.ts';

// Posture: checks of a promise without a drill, of how it is written down and how it is kept up.

/** Largest number of recovery points that an observation lists. It counts all of them. */
export const POINTS_LISTED = 40;

const utc = z.iso.datetime();
const durationMs = z.number().nonnegative();

const differenceSchema = z.object({
  item: z.string().describe('Which one, e.g. "s3:PutObject on arn:aws:s3:::backups/nats-evil/x".'),
  expected: z.string(),
  found: z.string(),
  nextStep: z.string(),
  cause: causeSchema.optional(),
  isCause: z
    .boolean()
    .optional()
    .describe(
      'True when it explains other differences of the check, such as a document that is refused and so not in force.',
    ),
});

const comparison = z.object({
  kind: z.literal('comparison'),
  of: z.string().describe('What was compared, as a plural: "requests", "settings", "manifest objects".'),
  compared: z.number().int().nonnegative(),
  differing: z.number().int().nonnegative(),
  firstDifferences: z.array(differenceSchema).describe('The first in full; all of them are in the count.'),
  undecided: z
    .array(undecidedSchema)
    .optional()
    .describe('What belongs to the promise and could not be decided: while there is any, the check is not met.'),
  evidence: z.record(z.string(), z.string()).describe('What was read, where it is short enough to keep.'),
  notVerified: z.array(z.string()),
  nothingYet: z
    .string()
    .optional()
    .describe('Why there is nothing yet that could break the promise, and what is unknown for that reason.'),
  basis: z
    .string()
    .optional()
    .describe('How it is known what a policy allows: "evaluation", or "trying on" a service and its version.'),
});

const schedule = z.object({
  kind: z.literal('schedule'),
  what: z.string().describe('The object that holds it, e.g. "CronJob agents/nats-backup".'),
  at: utc,
  rpoMs: durationMs,
  takesMs: durationMs.describe('Budget for capture and upload: part of the exposure.'),
  found: z
    .object({
      cron: z.string(),
      timeZone: z.string(),
      paused: z.boolean(),
      problem: z.string().nullable(),
      runs: runPolicy.optional().describe('How its runs are started, replaced and ended.'),
      storageLocation: z.string().optional().describe('Of a Velero Schedule: where its backups go.'),
    })
    .nullable(),
  basis: z.literal('analysis').optional().describe('Computed from what the object says; no run of it was watched.'),
});

const unread = z
  .object({
    count: z.number().int().nonnegative(),
    examples: z.array(z.string()),
    newest: utc.nullable().describe('When the last of them was written.'),
  })
  .describe('Objects below the prefix whose names show no time.');

const thaw = z
  .object({
    storageClass: z.string(),
    afterMs: durationMs.describe('Time from its upload until it is moved into that class; 0 if it is already there.'),
    by: z.string().describe('What moves it, e.g. "lifecycle cold-after-a-day", or what was seen.'),
    takesMs: durationMs.describe('How long a standard retrieval from that class takes, as documented.'),
    rtoMs: durationMs.nullable().describe('The RTO that it counts against; null when the check names none.'),
  })
  .describe('Recovery points that have to be thawed before they can be restored.');

const retention = z.object({
  kind: z.literal('retention'),
  what: z.string(),
  at: utc,
  keepsAtLeast: z.number().int().positive().describe('Recovery points that must be there at any time.'),
  schedule: z
    .object({ cron: z.string(), timeZone: z.string(), runs: runPolicy.optional() })
    .nullable()
    .describe('Null when none was found.'),
  keptMs: durationMs.nullable().describe('How long a recovery point is kept; null for ever.'),
  keptBy: z.string().describe('What ends its life: "lifecycle rule nats-30-days", "ttl of Schedule daily".'),
  problems: z
    .array(z.union([z.string(), z.object({ text: z.string(), cause: causeSchema })]))
    .describe(
      'Why expired recovery points would stay, or needed ones would be deleted. Earlier versions gave no cause.',
    ),
  recoveryPoints: z.number().int().nonnegative(),
  oldest: utc.nullable(),
  unread: unread.optional(),
  takesMs: durationMs
    .optional()
    .describe('Budget for capture and upload: the next recovery point is there this much later.'),
  thaw: thaw.optional(),
  basis: z.literal('analysis').optional().describe('Computed from rules and schedule; only what lies there was seen.'),
  notVerified: z.array(z.string()),
});

const recoveryPoint = z.object({
  id: z.string(),
  captureBegan: utc,
  durable: utc.nullable().describe('When it was off-site, as observed there; null if it is not.'),
  outcome: z.enum(['succeeded', 'failed', 'running']),
  said: z.string().describe('What its tool says of it.'),
  problem: causeSchema.optional(),
  storageClass: z.string().optional().describe('Its storage class, if that one has to be thawed first.'),
  thawMs: durationMs.optional().describe('How long a standard retrieval from that class takes, as documented.'),
});

const recoveryPoints = z.object({
  kind: z.literal('recovery-points'),
  where: z.string(),
  at: utc,
  promised: z.object({
    successAbovePercent: z.number().nullable().describe('Null where failed attempts leave no trace to count.'),
    freshWithinMs: durationMs,
    criticalAfterMs: durationMs,
    lagWithinMs: durationMs,
    rtoMs: durationMs.optional().describe('Of the contract that the check is for.'),
  }),
  population: z.string().describe('Which attempts were counted, and which can not be seen.'),
  counted: z.number().int().nonnegative(),
  missed: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('Attempts that were due and left no trace; they are among the failed, and not among the counted.'),
  succeeded: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  surplus: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe(
      'Successes that followed another one in less than half of the interval, such as retries; they fill no gap.',
    ),
  longestGap: z
    .object({ gapMs: durationMs, after: z.string(), before: z.string() })
    .optional()
    .describe('The longest time between two neighbours that succeeded.'),
  everyMs: durationMs.optional().describe('The interval in which one is due.'),
  ahead: z
    .object({ count: z.number().int().positive(), first: recoveryPoint })
    .optional()
    .describe('Those that claim a capture later than now, or than their own upload. They are in no other figure.'),
  unread: unread.optional(),
  isZoneAssumed: z.boolean().optional().describe('True when names give no time zone, and UTC was assumed.'),
  notVerified: z.array(z.string()).optional(),
  points: z.array(recoveryPoint).describe(`The newest of them, newest first; all of them up to ${POINTS_LISTED}.`),
});

const observationSchema = z.discriminatedUnion('kind', [comparison, schedule, retention, recoveryPoints, costSchema]);
export type Observation = z.infer<typeof observationSchema>;
export type ComparisonObservation = z.infer<typeof comparison>;
export type ScheduleObservation = z.infer<typeof schedule>;
export type RetentionObservation = z.infer<typeof retention>;
export type RecoveryPointsObservation = z.infer<typeof recoveryPoints>;
/** One difference from the declaration. */
export type PostureDifference = z.infer<typeof differenceSchema>;

export type { UndecidedItem } from './causes.ts';
/** One recovery point as a posture check found it. */
export type ObservedRecoveryPoint = z.infer<typeof recoveryPoint>;

export const postureVerdicts = ['met', 'at-risk', 'breached', 'unproven'] as const;
const verdict = z.enum(postureVerdicts);
export type PostureVerdict = z.infer<typeof verdict>;

/** Conditions that stop the roll-out of a platform until a check of them is met. */
export const haltConditions = ['cost', 'access', 'installation', 'rotation', 'repetition', 'backups'] as const;
const haltCondition = z.enum(haltConditions);
export type HaltCondition = z.infer<typeof haltCondition>;

/** Parts of a platform that the next phase of its roll-out uses. */
const platformPartKinds = ['bucket', 'cron-job', 'velero-object', 'runbook'] as const;
const platformPart = z.object({
  kind: z.enum(platformPartKinds),
  name: z.string().describe('E.g. "kgents-dr-backups", "kgents-agents/nats-backup", "Schedule daily".'),
});
export type PlatformPart = z.infer<typeof platformPart>;

const checkRecord = z.object({
  name: z.string(),
  promise: z.string(),
  definition: z
    .string()
    .optional()
    .describe(
      'A digest of its options and of the content of every file that it reads. Left out where a file could not be read, and by earlier versions: then it is unknown for which definition the verdict holds.',
    ),
  about: z.array(platformPart).optional().describe('Parts of the platform that it checks, for the hand-over.'),
  condition: haltCondition.optional().describe('The halt condition that the check stands for, whatever its verdict.'),
  durationMs,
  observation: observationSchema.nullable().describe('Null when the check could not be made.'),
  failure: z.array(z.string()).nullable().describe('Why it could not be made, outermost reason first.'),
  failureCause: causeSchema.optional(),
  verdict,
  sentence: z.string().describe('What was promised, what was found, what to do.'),
  cause: causeSchema.optional(),
  halts: haltCondition.optional().describe('Set while the check is not met: the roll-out stops for this.'),
  owner: z.string().optional().describe('Who answers for a check that halts the roll-out.'),
  nextStep: z.string().optional().describe('What that owner does next.'),
});
export type PostureCheckRecord = z.infer<typeof checkRecord>;

export const postureRecordSchema = z.object({
  contract: z.object({
    name: z.string(),
    owner: z.string(),
    controls: z.array(z.string()),
    cadenceMs: cadenceMsSchema.optional(),
    audit: auditNotesSchema.optional(),
  }),
  appliedBy: z
    .string()
    .nullable()
    .describe('What put the platform onto this disposable target; null when nothing did.'),
  at: utc,
  durationMs: durationMs.describe('Of the checks; putting the platform in place is not part of it.'),
  applyMs: durationMs.nullable(),
  checks: z.array(checkRecord),
  expectedChecks: z
    .array(z.string())
    .optional()
    .describe('Names of the checks that the contract promises, written before any was made. Version 1 has none.'),
  verdict,
});
export type PostureRecord = z.infer<typeof postureRecordSchema>;

/** The project whose promises are checked. */
export interface PostureProject {
  /** Folder of the project. Its own files, such as a runbook, are below it. */
  readonly folder: string;
  /** Folder for the records of its runs. */
  readonly outDir: string;
  /** Returns all contracts of the project, even those outside this run. */
  contracts(): Promise<readonly Contract[]>;
  /**
   * Returns the contracts with the content of their manifests, as drills use them.
   * @throws the mistakes in them.
   */
  drilledContracts(): Promise<readonly Contract[]>;
  /** Reads earlier runs from the project's ledger. Left out if there is no ledger. */
  readonly readPastRuns?: ReadPastRuns;
}

/** Context of a check. */
export interface PostureContext {
  readonly target: Target;
  readonly step: Step;
  readonly project: PostureProject;
}

/** Check of one promise without a drill. It only observes; the observation is judged elsewhere, and can be judged again. */
export interface PostureCheck {
  /** Unique in its contract: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Begins the sentence: "The NATS writer may write below nats/ and do nothing else". */
  readonly promise: string;
  readonly needs: readonly Capability[];
  /** Optional capabilities. The check covers more on targets that have them, and reports what it left out on others. */
  readonly prefers?: readonly Capability[];
  /** Parts of the platform that it checks. The hand-over names them. */
  readonly about?: readonly PlatformPart[];
  /** Condition for which it halts the roll-out while it is not met. */
  readonly condition?: HaltCondition;
  /** Budget of the check, in milliseconds; a minute when left out. */
  readonly budgetMs?: number;
  /** True if it calls `drilledContracts`. It then waits for the program that reads their manifests. */
  readonly readsContracts?: boolean;
  /** Paths of files and folders that it reads, relative to the platform's folder. A proof holds until one of them changes. */
  readonly reads?: readonly string[];
  /** Contract from which it takes its objective, if it does not state its own. */
  readonly objectiveOf?: string | undefined;
  /** Objective that it takes from that contract, if a contract may lack this objective. */
  readonly objective?: 'rpo' | undefined;
  observe(context: PostureContext): Promise<Observation>;
}

/** A validated posture contract, as `posture()` returns it. */
export interface PostureContract {
  readonly name: string;
  readonly owner: string;
  readonly controls: readonly string[];
  /** Executable that installs the platform on a disposable target, as its operators would. */
  readonly appliedBy: string | undefined;
  /** Capabilities without which it is not checked, because the platform could not be installed or a check could not be made. */
  readonly needs: readonly Capability[];
  /** Optional capabilities with which its checks cover more. */
  readonly prefers: readonly Capability[];
  readonly checks: readonly PostureCheck[];
  /** Interval at which the contract promises a proof. Without it the contract promises none. */
  readonly cadenceMs?: number;
  readonly audit?: AuditNotes;
  /** Digest of the options and files of each check, by the name of the check. Set once the files have been read. */
  readonly definitions?: ReadonlyMap<string, string>;
  readonly sourceFile: string | undefined;
}
