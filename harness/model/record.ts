import { z } from 'zod';
import { auditNotesSchema, cadenceMsSchema, ranBySchema } from './audit.ts';
import { causeSchema } from './causes.ts';
import {
  absenceCheck,
  assurance,
  assurancePromises,
  backupWait,
  comparison,
  failBack,
  findingNames,
  lane,
  moment,
  phase,
  phaseNames,
  replication,
  schedule,
  stage,
  verdicts,
} from './record-parts.ts';
import { recoveryPoints } from './record-points.ts';

/**
 * Proof that the drill has to bring. It is written before the disaster from the definitions of contract, disaster, procedure and asset, and
 * from the fingerprint. The judge demands every part of it, and nothing else.
 */
const expected = z.object({
  findings: z.array(z.enum(findingNames)).describe('The findings that contract and disaster promise.'),
  stages: z.array(z.string()).describe('The stages of the drill in their order, without those that follow a failover.'),
  phases: z.array(z.enum(phaseNames)).describe('The phases of RTA that contract and procedure call for.'),
  lanes: z.array(z.string()).describe('The lanes of markers to be compared with their journals.'),
  absence: z.array(z.string()).describe('The reads that must show the asset gone, in their order.'),
  identities: z
    .array(z.object({ what: z.string(), value: z.string(), keptBy: z.string().optional() }))
    .describe(
      'Identities of the asset before the disaster. Each must be a new one after the restore, unless a documented recovery keeps it.',
    ),
  items: z
    .array(z.object({ kind: z.string(), items: z.number().int().nonnegative() }))
    .describe('Number of items of the fingerprint, by kind; as many of each kind must be compared.'),
  assurances: z
    .array(z.object({ promise: z.enum(assurancePromises), what: z.string() }))
    .describe('Checks that must be made for the assurances of the disaster.'),
  points: z
    .object({
      taken: z.literal([1, 2]).describe('How many recovery points the drill takes.'),
      restores: z.enum(['older', 'newer']).describe('Which of them it restores.'),
      alsoRestores: z
        .literal('older')
        .optional()
        .describe(
          'The recovery point that it restores after that, into the same place, if no other drill of the contract does.',
        ),
    })
    .optional()
    .describe(
      'How many recovery points must be taken, and which is restored. Earlier records have none: they took one.',
    ),
  copiedOn: schedule.optional().describe('The second schedule that counts in this disaster; left out where none does.'),
  replicaLooks: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('How often the lag of a live replica must be measured.'),
  failBack: z
    .object({
      stages: z.array(z.string()),
      writes: z.array(z.object({ when: z.string(), what: z.string() })),
      proofs: z.array(z.string()),
    })
    .optional()
    .describe('What must be shown after a failover; left out where the procedure promises no way back.'),
});

export type ExpectedProof = z.infer<typeof expected>;

export { findingNames, verdicts } from './record-parts.ts';

/**
 * Version of the record's form. It rises when a reader of the old form would misread the new one. Version 2 added the announced proof
 * (`expected`). Records of version 1 can be read, but the best verdict on them is `unproven`.
 */
export const RECORD_SCHEMA_VERSION = 2;
export const schemaVersion = z.union([z.literal(1), z.literal(RECORD_SCHEMA_VERSION)]);

const finding = z.object({
  name: z.enum(findingNames),
  verdict: z.enum(verdicts),
  sentence: z.string().describe('What was promised, what happened, by how much, what to do.'),
  cause: causeSchema.optional(),
  basis: z
    .literal('analysis')
    .optional()
    .describe(
      'It was computed from the schedule and its rules, because a single drill cannot show it. Left out where it was measured.',
    ),
});

const measure = z.object({
  valueMs: z.number().nonnegative(),
  atLeast: z.boolean().describe('True when the real value is more than this: a phase timed out, or nothing survived.'),
});

const judgement = z.object({
  verdict: z.enum(verdicts),
  sentence: z.string(),
  cause: causeSchema.optional(),
  findings: z.array(finding),
  rta: measure.nullable(),
  rpa: measure.nullable(),
  exposureMs: z.number().nonnegative().nullable(),
  marginPercent: z
    .number()
    .nullable()
    .describe('What is left of the tightest objective, in percent; negative when breached.'),
});

const sizePoint = z.object({
  sizeBytes: z.number().positive(),
  restoreMs: z.number().nonnegative(),
  backupMs: z.number().nonnegative(),
});

const recoveryStep = z.object({
  phase: z.string().describe('The phase or stage that it was part of, e.g. provisioning or restore.'),
  what: z.string().describe('What was done, as an instruction; the same words in every drill.'),
  command: z
    .string()
    .optional()
    .describe('As an operator types it: a $VARIABLE stands for each value of the drill, secrets are left out.'),
  variables: z.array(z.string()).describe('Names of the variables that it needs.'),
  measuredMs: z.number().nonnegative(),
  outcome: z.enum(['done', 'failed']),
  ifItFails: z.string().optional(),
});

const recoveryVariable = z.object({
  name: z.string(),
  meaning: z.string(),
  obtain: z.string().optional().describe('A shell word that gives it.'),
  value: z.string().optional().describe('What it was in this drill; left out for a secret.'),
});

const backupMachine = z.object({
  kept: z
    .array(z.object({ path: z.string(), there: z.boolean() }))
    .describe('What the contract says production keeps (`keeps`). It was handed to the restore if it was there.'),
  left: z
    .array(z.object({ path: z.string(), sizeBytes: z.number().int().nonnegative() }))
    .describe('The first of the files outside its volumes that were lost with the machine.'),
  leftFiles: z.number().int().nonnegative().describe('Number of all these files.'),
});

export const drillRecordSchema = z.object({
  schemaVersion,
  drillId: z.string(),
  runId: z.string(),
  state: z
    .enum(['started', 'restored', 'complete'])
    .describe('Written at the start, after the restore, and after the verdict.'),
  contract: z.object({
    name: z.string(),
    description: z.string(),
    system: z.string(),
    inScope: z.array(z.string()),
    outOfScope: z.array(z.string()),
    priority: z.string(),
    owner: z.string(),
    controls: z.array(z.string()),
    rtoMs: z.number().positive(),
    rpoMs: z
      .number()
      .nonnegative()
      .nullable()
      .describe('Null where the asset keeps no data: then no loss is promised and none is judged.'),
    procedure: z.string(),
    schedule: z.union([z.literal('continuous'), z.literal('mirror'), schedule]),
    detection: z.object({ failures: z.number().int(), everyMs: z.number() }).nullable(),
    decisionMs: z.number().nonnegative(),
    productionSizeBytes: z.number().positive().nullable(),
    freshness: z.object({ belowMs: z.number().positive(), criticalMs: z.number().positive() }).optional(),
    failsBack: z.boolean().optional().describe('True when the procedure promises to move the service back.'),
    cadenceMs: cadenceMsSchema.optional(),
    audit: auditNotesSchema.optional(),
    definition: z
      .string()
      .optional()
      .describe(
        'A digest of the options of asset and procedure and of the content of every file behind them, such as scripts and manifests. Left out where a file could not be read, and by earlier versions.',
      ),
  }),
  disaster: z.object({
    name: z.string(),
    threat: z.string(),
    blastRadius: z.string(),
    exercised: z.string().nullable(),
    assures: z
      .array(z.enum(assurancePromises))
      .optional()
      .describe('What must be shown in this disaster besides the content; left out when nothing.'),
    backupWait: backupWait
      .optional()
      .describe('The wait of a restore in a place that did not take the backups and learns of them at intervals.'),
  }),
  environment: z.object({
    target: z.string(),
    sessionId: z.string(),
    host: z.object({ platform: z.string(), arch: z.string(), cpus: z.number(), memoryBytes: z.number() }),
    node: z.string(),
    harnessVersion: z.string(),
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
    trigger: z.string(),
    ranBy: ranBySchema.optional(),
    concurrentDrills: z.number().int().positive(),
    beside: z
      .array(z.string())
      .optional()
      .describe(
        'What the run did on this machine while the drill ran, besides other drills: programs that it built, parts of the target that it started. Measured times are upper bounds then. Left out when nothing.',
      ),
    tools: z.array(z.object({ name: z.string(), version: z.string(), source: z.string() })),
    differencesFromProduction: z.array(z.string()),
    sandbox: z
      .string()
      .optional()
      .describe('How programs of the platform ran on this machine: in bubblewrap, or without a sandbox and why.'),
    settings: z.record(z.string(), z.string()),
  }),
  moments: z.object({
    began: moment,
    seeded: moment.nullable(),
    writerBegan: moment.nullable(),
    captureBegan: moment.nullable(),
    durable: moment.nullable(),
    disasterBegan: moment.nullable(),
    disasterEnded: moment.nullable(),
    cutOff: moment.nullable(),
    goneProved: moment.nullable(),
    firstFailedProbe: moment.nullable(),
    provisioned: moment.nullable(),
    restoreBegan: moment.nullable(),
    restoreEnded: moment.nullable(),
    firstVerifiedRead: moment.nullable(),
    firstVerifiedWrite: moment.nullable(),
    serviceRestored: moment.nullable(),
    verified: moment.nullable(),
    ended: moment.nullable(),
  }),
  expected: expected
    .optional()
    .describe('What the drill had to show, written before the disaster. Version 1 has none.'),
  stages: z.array(stage).describe('How long each stage of the drill took, its own work included, and how it ended.'),
  seeded: z.object({ items: z.number(), bytes: z.number(), parts: z.array(z.string()) }).nullable(),
  fingerprint: z.object({ items: z.number(), bytes: z.number(), digest: z.string() }).nullable(),
  recoveryPoint: z
    .object({
      id: z.string(),
      location: z.string(),
      objects: z.number(),
      sizeBytes: z.number(),
      digest: z.string(),
      encryption: z.string(),
      immutability: z.string(),
      archived: z
        .object({
          storageClass: z.string(),
          thawMs: z.number().nonnegative().describe('How long a standard retrieval takes, as documented.'),
        })
        .optional()
        .describe('Set if some of it has to be thawed before it can be read.'),
      leftOut: z
        .array(
          z.object({
            kind: z.string().describe('As comparisons name it.'),
            name: z.string().optional().describe('Which one; all of that kind when left out.'),
            because: z.string().describe("The field of the platform's file, and what it says."),
          }),
        )
        .optional()
        .describe('Parts of the asset that the definition of the backup leaves out, if the procedure can tell.'),
      claimed: z.string(),
      machine: backupMachine
        .optional()
        .describe('What became of what the backup wrote on its own machine; none in a pod.'),
      copiedOn: schedule
        .optional()
        .describe('The second schedule, by which it was copied there; its longest gap is part of the exposure.'),
    })
    .nullable(),
  recoveryPoints: recoveryPoints
    .optional()
    .describe('All recovery points of the drill; `recoveryPoint` is the restored one. Earlier records have none.'),
  absence: z.array(absenceCheck),
  phases: z.array(phase),
  restore: z.object({ claimed: z.string(), warnings: z.array(z.string()), commands: z.array(z.string()) }).nullable(),
  recovery: z
    .object({ steps: z.array(recoveryStep), variables: z.array(recoveryVariable) })
    .optional()
    .describe(
      'The steps of the recovery in the order in which they ended; records made before there were any have none.',
    ),
  provenance: z.array(
    z.object({
      what: z.string(),
      before: z.string(),
      after: z.string().nullable(),
      isNew: z.boolean(),
      keptBy: z
        .string()
        .optional()
        .describe('The documented recovery that keeps this identity; it may then be the old one.'),
    }),
  ),
  markers: z.array(lane),
  comparison: comparison.nullable(),
  assurances: z.array(assurance).optional(),
  replication: replication.optional().describe('How far a live replica was behind; left out where there is none.'),
  failBack: failBack.optional().describe('What followed a failover; left out where nothing did.'),
  probe: z.object({
    attempts: z.number().int(),
    failures: z.number().int(),
    lastFailure: z.string().nullable(),
    reads: z.string().optional().describe('What each attempt reads and checks.'),
    writes: z.string().optional().describe('What each attempt writes.'),
  }),
  sizes: z.array(sizePoint).describe('Cost at several sizes, when the contract declares a production size.'),
  failure: z
    .object({
      stage: z.string(),
      blame: z
        .enum(['procedure', 'harness'])
        .describe('procedure: the platform did not do what it promises. harness: the drill could not be carried out.'),
      messages: z.array(z.string()),
      cause: causeSchema.optional(),
      aborted: z.boolean(),
    })
    .nullable(),
  cleanup: z.array(z.object({ what: z.string(), outcome: z.enum(['done', 'failed']), message: z.string().optional() })),
  judgement: judgement.nullable(),
});

export type DrillRecord = z.infer<typeof drillRecordSchema>;
export type {
  Assurance,
  AssurancePromise,
  Comparison,
  ControlReading,
  Difference,
  FailBackRecord,
  ItemCounts,
  LaneLag,
  LaneOutcome,
  LateAttempt,
  PartFailure,
  PhaseName,
  PhaseRecord,
  RepeatedAttempts,
  ReplicationRecord,
  RestorePhaseName,
} from './record-parts.ts';
export type { OtherRestoredRecord, PointName, RecoveryPointsRecord } from './record-points.ts';
export type Judgement = z.infer<typeof judgement>;
export type Finding = z.infer<typeof finding>;
export type FindingName = (typeof findingNames)[number];
export type Verdict = (typeof verdicts)[number];
export type Measure = z.infer<typeof measure>;
export type RecoveryStepRecord = z.infer<typeof recoveryStep>;
export type RecoveryVariableRecord = z.infer<typeof recoveryVariable>;
export type SizePoint = z.infer<typeof sizePoint>;
