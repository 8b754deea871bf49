import { z } from 'zod';
import { causeSchema } from './causes.ts';
import { concurrencies, schedulers } from './schedule.ts';

export const verdicts = ['met', 'at-risk', 'breached', 'unproven'] as const;

export const findingNames = [
  'content',
  'rto',
  'rpo',
  'exposure',
  'destruction',
  'freshness',
  'untouched',
  'acceptance',
  'fail-back',
] as const;

/**
 * Promises besides the content that a drill can prove. untouched: something outside the blast radius is unchanged after disaster and
 * restore. acceptance: the users of the restored asset accept it, which is more than equal content.
 */
export const assurancePromises = ['untouched', 'acceptance'] as const;

/** True for a verdict that the promise was kept. An unproven promise is not kept. */
export const isKept = (verdict: string): boolean => verdict === 'met' || verdict === 'at-risk';

export const phaseNames = [
  'detection',
  'decision',
  'provisioning',
  'promotion',
  'redirect',
  'backup-sync',
  'restore',
  'service-check',
] as const;

/** Phases into which a procedure may divide its restore. */
const restorePhaseNames = ['detection', 'decision', 'promotion', 'redirect', 'backup-sync'] as const;

export const phase = z.object({
  name: z.enum(phaseNames),
  measuredMs: z.number().nonnegative().describe('Measured in the drill; a lower bound when timed out.'),
  addedMs: z
    .number()
    .nonnegative()
    .describe(
      'Not waited for: what the contract budgets (detection policy, human decision), and the rest of what production may wait for its sync of backups.',
    ),
  outcome: z.enum(['completed', 'timed-out', 'failed', 'not-reached']),
  detail: z.string().optional().describe('Why it did not complete, or why something is added to it.'),
});

/** Time that production may wait until the place of a restore knows the backup. */
export const backupWait = z.object({
  waitMs: z
    .number()
    .nonnegative()
    .nullable()
    .describe('At most; added to RTA as the phase `backup-sync`. Null where that place never learns of it.'),
  because: z.string().describe('The setting that decides it, and where it stands.'),
});

/** Rules by which a scheduler starts and ends the runs of one schedule. */
export const runPolicy = z.object({
  concurrency: z
    .enum(concurrencies)
    .describe('What happens to a run that is due while the one before still runs. Skip: it is left out.'),
  deadlineMs: z.number().nonnegative().optional().describe('A run is ended after this much time.'),
  deadlineField: z
    .string()
    .optional()
    .describe('The field that says so, e.g. "spec.jobTemplate.spec.activeDeadlineSeconds".'),
  startDeadlineMs: z.number().nonnegative().optional().describe('A start that is later than this is left out.'),
  retries: z.number().int().nonnegative().optional().describe('How often a failed run is tried again.'),
});

/** A cron schedule with the time zone in which it is read. */
export const schedule = z.object({
  cron: z.string(),
  timeZone: z.string(),
  scheduler: z
    .enum(schedulers)
    .optional()
    .describe('The scheduler by whose rules it is read; Kubernetes when left out.'),
  heldBy: z
    .string()
    .optional()
    .describe('The object of the platform that holds it; left out when the contract states it.'),
  unread: z
    .literal(true)
    .optional()
    .describe('True where that object was not read, because the drill could not begin. `cron` says nothing then.'),
  idle: z
    .object({ reason: z.string(), cause: causeSchema })
    .optional()
    .describe('Why that object never takes a backup; left out when nothing speaks against it.'),
  runs: runPolicy.optional(),
  keptMs: z
    .number()
    .nonnegative()
    .optional()
    .describe('How long a recovery point is kept, where the same object says it.'),
});

export const stage = z.object({
  name: z.string(),
  durationMs: z.number().nonnegative(),
  outcome: z.enum(['completed', 'failed']).optional().describe('Version 1 has none.'),
});

const itemCounts = z.object({
  kind: z.string().describe('What was counted, e.g. messages, consumers, object versions, Secrets.'),
  expected: z.number().int().nonnegative(),
  restored: z.number().int().nonnegative(),
  matched: z.number().int().nonnegative(),
  missing: z.number().int().nonnegative(),
  extra: z.number().int().nonnegative(),
  differing: z.number().int().nonnegative(),
  protects: z
    .boolean()
    .optional()
    .describe('True for what protects the asset itself, such as the versioning of a bucket.'),
});

const difference = z.object({
  item: z.string().describe('Which one, e.g. "stream ORDERS message 17".'),
  field: z.string(),
  expected: z.string(),
  observed: z.string(),
});

export const comparison = z.object({
  items: z.array(itemCounts),
  firstDifferences: z.array(difference).describe('The first differences in full; all of them are in the counts.'),
  notVerified: z.array(z.string()).describe('What this comparison did not check.'),
});

export const lane = z.object({
  lane: z.string(),
  acknowledged: z.number().int().nonnegative(),
  acknowledgedBeforeCapture: z.number().int().nonnegative(),
  indeterminate: z.number().int().nonnegative(),
  restored: z.number().int().nonnegative(),
  lost: z.number().int().nonnegative(),
  lostBeforeCapture: z.number().int().nonnegative(),
  duplicated: z.number().int().nonnegative(),
  reordered: z.number().int().nonnegative(),
  altered: z.number().int().nonnegative(),
  unknown: z.number().int().nonnegative().describe('Restored markers that nobody wrote.'),
  lastBeforeLossMs: z
    .number()
    .nullable()
    .describe(
      'Acknowledgement of the last marker before the first lost one; null when none was lost, or none came before it.',
    ),
  firstLostMs: z
    .number()
    .nullable()
    .optional()
    .describe('Acknowledgement of the first lost marker; null when none was lost. Earlier records have none.'),
  firstAcknowledgedMs: z.number().nullable(),
  lastAcknowledgedMs: z.number().nullable(),
  firstLostSequence: z.number().int().nullable(),
  firstLostBeforeCapture: z.number().int().nullable(),
  lostFromReplica: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('Lost although the live replica had held them; left out where there is no replica.'),
  firstLostFromReplica: z.number().int().nullable().optional(),
  heldThrough: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('The highest marker that the live replica held, as it was used to count `lostFromReplica`.'),
});

const controlReading = z.object({
  what: z.string().describe('The request, in which the platform has no part.'),
  answers: z.number().int().nonnegative(),
  unanswered: z.number().int().nonnegative().describe('Refused, failed, or no answer: it excuses nothing.'),
  slowestMs: z.number().nonnegative().describe('The slowest answer; 0 when there was none.'),
  slowMs: z
    .number()
    .nonnegative()
    .describe('How much of the time of the attempt was spent on answers slower than `slowAnswerMs`.'),
});

const lateAttempt = z.object({
  tookMs: z.number().nonnegative().describe('Until it was given up.'),
  controls: z.array(controlReading).describe('How quick the controls were while the attempt ran.'),
});

const repeatedAttempts = z.object({
  made: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  late: z
    .number()
    .int()
    .nonnegative()
    .describe('Those of the failed ones that got no answer within `budgetMs`; the others got a wrong one or an error.'),
  budgetMs: z.number().nonnegative(),
  slowAnswerMs: z.number().nonnegative().describe('A control that takes longer to answer is slow.'),
  lateAttempts: z.array(lateAttempt).describe('The late ones; of many, those during which the controls were quickest.'),
});

const laneLag = z.object({
  lane: z.string(),
  worstPositions: z.number().int().nonnegative().describe('Positions that the replica was behind, at the most.'),
  worstMs: z
    .number()
    .nonnegative()
    .describe('Age of the oldest acknowledged marker that the replica did not hold, at the most.'),
  atDisasterPositions: z.number().int().nonnegative().nullable(),
  atDisasterMs: z.number().nonnegative().nullable(),
  heldThrough: z.number().int().nonnegative().describe('The highest marker that the replica was ever seen to hold.'),
});

export const replication = z.object({
  replica: z.string(),
  looks: z.number().int().nonnegative().describe('How often the lag was measured before the disaster.'),
  lanes: z.array(laneLag),
});

const proofRead = z.object({ what: z.string(), holds: z.boolean(), observed: z.string() });

export const moment = z.object({
  utc: z.iso.datetime(),
  monotonicMs: z.number().describe('Reading of the monotonic clock; only differences within one record mean anything.'),
});

/** A read that must find nothing. */
export const absenceCheck = z.object({ what: z.string(), gone: z.boolean(), observed: z.string() });

/** Reason for the early end of a part of the drill that follows the recovery. */
export const partFailure = z.object({
  stage: z.string(),
  blame: z.enum(['procedure', 'harness']),
  messages: z.array(z.string()),
  cause: causeSchema.optional(),
});

export const failBack = z.object({
  returned: z.string().nullable().describe('How the lost place came back.'),
  stages: z.array(stage).describe('Disjoint, in their order; none of them is part of RTA.'),
  writesTried: z
    .array(
      z.object({
        when: z.string(),
        what: z.string(),
        accepted: z.boolean(),
        unanswered: z
          .boolean()
          .optional()
          .describe('No answer came, so it is unknown whether it was accepted; false when left out.'),
        observed: z.string(),
      }),
    )
    .describe(
      'Writes to the place that came back while the other one was in charge: each accepted one is split brain.',
    ),
  markers: z
    .array(lane)
    .describe('Everything that was there before the fail-back, or was acknowledged in the course of it.'),
  comparison: comparison.nullable(),
  proofs: z.array(proofRead),
  commands: z.array(z.string()),
  claimed: z.string(),
  failure: partFailure.nullable(),
});

export const assurance = z.object({
  promise: z.enum(assurancePromises),
  what: z.string().describe('What was checked, e.g. "the living original".'),
  checked: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  observed: z
    .array(
      z.object({
        what: z.string(),
        held: z.boolean(),
        observed: z.string(),
        checks: z.number().int().positive().optional().describe('How many checks it stands for; one when left out.'),
        attempts: repeatedAttempts
          .optional()
          .describe('Where the check is an attempt made over and over; left out when none failed.'),
      }),
    )
    .describe('The checks, failed ones first.'),
  notListed: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('How many checks are counted and not listed; none when left out.'),
});

/** Result of a check besides the content. */
export type Assurance = z.infer<typeof assurance>;
/** Promise besides the content that a disaster may have to prove. */
export type AssurancePromise = (typeof assurancePromises)[number];
/** Result of a comparison of the whole asset: counts by kind, and the first differences. */
export type Comparison = z.infer<typeof comparison>;
/** Numbers of items of one kind: expected, restored, matched, missing, extra, differing. */
export type ItemCounts = z.infer<typeof itemCounts>;
/** One field of one item that changed. */
export type Difference = z.infer<typeof difference>;
export type LaneOutcome = z.infer<typeof lane>;
export type ControlReading = z.infer<typeof controlReading>;
export type LateAttempt = z.infer<typeof lateAttempt>;
export type RepeatedAttempts = z.infer<typeof repeatedAttempts>;
export type LaneLag = z.infer<typeof laneLag>;
export type ReplicationRecord = z.infer<typeof replication>;
export type FailBackRecord = z.infer<typeof failBack>;
export type PartFailure = z.infer<typeof partFailure>;
export type PhaseRecord = z.infer<typeof phase>;
export type PhaseName = (typeof phaseNames)[number];
export type RestorePhaseName = (typeof restorePhaseNames)[number];
