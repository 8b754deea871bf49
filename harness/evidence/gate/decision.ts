import { z } from 'zod';
import { haltConditions } from '../../model/posture.ts';
import { verdicts } from '../../model/record.ts';
import { signOffOutcomes } from '../entry.ts';

// The decision of a gate, as plain data. It is printed, served and published in this form, which is part of the public interface.

/** Increased when a reader of the old form would misread the new one. */
export const GATE_SCHEMA_VERSION = 1;

const utc = z.iso.datetime();

/** Reasons for blocking. Each has a sentence of its own. */
const problemKinds = [
  'breached',
  'at-risk',
  'posture',
  'regression',
  'unproven',
  'stale',
  'overdue',
  'missing',
  'removed',
  'changed',
  'target',
  'unsigned',
  'stranger',
  'future',
  'sign-off',
  'not-read',
  'waiver-expired',
  'waiver-unused',
  'no-promise',
  'broken-ledger',
  'file-invalid',
  'gate-failed',
] as const;

/** 1: breached. 2: not proved. 64: the policy or the waiver file is invalid. 70: the gate itself failed. */
const problemCodes = [1, 2, 64, 70] as const;

const problemSchema = z.object({
  kind: z.enum(problemKinds),
  code: z.union(problemCodes.map((code) => z.literal(code))),
  contract: z.string().nullable(),
  disaster: z.string().nullable(),
  findings: z.array(z.string()).describe('The findings that waivers must name to accept this; each of them is needed.'),
  sentence: z.string().describe('What was promised, what happened, by how much.'),
  nextStep: z.string(),
  halts: z.enum(haltConditions).optional().describe('The halt condition, if this stops the roll-out of the platform.'),
  owner: z.string().optional().describe('Who answers for what halts the roll-out.'),
});

const waived = z.object({
  problem: problemSchema,
  reason: z.string(),
  owner: z.string(),
  approver: z.string(),
  expires: z.iso.date(),
});

const regression = z.object({
  state: z.enum(['within', 'slower', 'no-baseline', 'not-compared']),
  runs: z.number().int().nonnegative().describe('Comparable runs of which the baseline is made.'),
  sentence: z.string(),
});

const signOff = z.object({
  reviewer: z.string(),
  role: z.string().nullable(),
  outcome: z.enum(signOffOutcomes),
  comment: z.string(),
  at: utc,
  sequence: z.number().int().describe('The entry of the ledger.'),
  digest: z.string(),
  keyId: z.string(),
  reviewed: z
    .object({ sequence: z.number().int(), digest: z.string().nullable() })
    .describe('The latest entry of this promise that was reviewed. It says nothing of later ones.'),
});

const proofSchema = z.object({
  disaster: z.string().nullable().describe('Null for a posture contract.'),
  verdict: z.enum(verdicts).describe('The worse of the two below; it counts.'),
  recorded: z.enum(verdicts).describe('What the run recorded.'),
  today: z.enum(verdicts).describe('What the same record is judged today.'),
  sentence: z.string(),
  sequence: z.number().int().describe('The entry of the ledger.'),
  digest: z.string().describe('Digest of that entry.'),
  runId: z.string(),
  drillId: z.string().nullable(),
  provedAt: utc,
  ageMs: z.number(),
  target: z.string(),
  commit: z.string().nullable(),
  keyId: z.string().nullable(),
  rtoMs: z.number().nullable(),
  rpoMs: z.number().nullable(),
  keepsNoData: z
    .boolean()
    .optional()
    .describe('True where the asset keeps no data: `rpoMs`, `rpaMs` and `exposureMs` are then null.'),
  rtaMs: z.number().nullable(),
  rpaMs: z.number().nullable(),
  exposureMs: z.number().nullable(),
  regression: regression.nullable(),
  signOff: signOff
    .nullable()
    .describe(
      'The last review of this promise by a key that the policy names; null if there is none, or if the policy asks for none.',
    ),
});

const promiseDecisionSchema = z.object({
  contract: z.string(),
  kind: z.enum(['drill', 'posture']),
  priority: z.string(),
  owner: z.string(),
  file: z.string().nullable(),
  outcome: z.enum(['passed', 'waived', 'blocked']),
  isAtRisk: z.boolean().describe('It passes, and is at risk.'),
  cadenceMs: z.number().positive().nullable().describe('How often the contract promises a proof; null if it does not.'),
  nextDue: utc.nullable().describe('When the next proof is promised; null without a cadence or a proof.'),
  proofs: z.array(proofSchema).describe('One for each disaster that has a proof which counts.'),
  problems: z.array(problemSchema).describe('What blocks it.'),
  waived: z.array(waived),
  notes: z.array(z.string()),
});

const waiverState = z.object({
  contract: z.string(),
  disaster: z.string().nullable(),
  finding: z.string(),
  reason: z.string(),
  owner: z.string(),
  approver: z.string(),
  expires: z.iso.date(),
  state: z.enum(['used', 'unused', 'expired', 'refused']),
  expiresInMs: z.number().describe('Negative when it has expired.'),
  isEndingSoon: z.boolean(),
});

export const gateDecisionSchema = z.object({
  schemaVersion: z.literal(GATE_SCHEMA_VERSION),
  decision: z.enum(['pass', 'block']),
  exitCode: z.union([z.literal(0), ...problemCodes.map((code) => z.literal(code))]),
  isInconclusive: z
    .boolean()
    .describe('True when nothing is breached and something is not proved: a human should look before anything moves.'),
  at: utc,
  commit: z.string().nullable(),
  counts: z.object({
    promises: z.number().int(),
    passed: z.number().int(),
    atRisk: z.number().int().describe('Of the passed.'),
    waived: z.number().int(),
    blocked: z.number().int(),
  }),
  problems: z.array(problemSchema).describe('What blocks and belongs to no single promise.'),
  promises: z.array(promiseDecisionSchema),
  waivers: z.array(waiverState),
  notes: z.array(z.string()),
  ledger: z.object({
    isRead: z
      .boolean()
      .describe('False if the ledger could not be read: the decision then says nothing about its content.'),
    entries: z.number().int().nonnegative(),
    lastAt: utc.nullable(),
    lastDigest: z.string().nullable().describe('Digest of the last entry: which ledger this was decided on.'),
  }),
  sources: z
    .object({ policy: z.string(), waivers: z.string(), ledger: z.string() })
    .describe(
      'The places from which policy, waivers and ledger were read, each with its branch if that is not the checkout.',
    ),
});

export type GateDecision = z.output<typeof gateDecisionSchema>;
export type PromiseDecision = z.output<typeof promiseDecisionSchema>;
export type GateProblem = z.output<typeof problemSchema>;
export type ProofFacts = z.output<typeof proofSchema>;
export type SignOffFacts = z.output<typeof signOff>;
export type RegressionFacts = z.output<typeof regression>;
export type WaiverState = z.output<typeof waiverState>;
export type GateExitCode = GateDecision['exitCode'];

/** Sorted from the worst to the mildest. */
const worstFirst = [70, 64, 1, 2] as const;

export const exitCodeOf = (problems: readonly Pick<GateProblem, 'code'>[]): GateExitCode =>
  worstFirst.find((code) => problems.some((problem) => problem.code === code)) ?? 0;
