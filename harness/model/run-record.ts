import { z } from 'zod';
import { ranBySchema } from './audit.ts';
import { haltConditions, postureRecordSchema, postureVerdicts } from './posture.ts';
import { drillRecordSchema, schemaVersion } from './record.ts';

const verdict = z.enum(postureVerdicts);

const part = z.object({
  name: z.string(),
  verdict: verdict.describe('The worst verdict of the checks that concern it.'),
  checks: z.array(z.string()).describe('Each as "<posture>/<check>".'),
});

const proof = z.object({
  what: z.string().describe('A posture check as "<posture>/<check>", or a drill as "<contract>/<disaster>".'),
  verdict,
  owner: z.string(),
});

/** Hand-over from a run to the next phase of a roll-out: where things are, what passed, and what is blocked and why. */
const handOverSchema = z.object({
  buckets: z.array(part),
  cronJobs: z.array(part).describe('Each as "<namespace>/<name>".'),
  veleroObjects: z.array(part).describe('Each by kind and name, e.g. "Schedule daily".'),
  runbooks: z.array(part).describe('Paths from the folder of the project.'),
  passed: z.array(proof).describe('Met, or at risk.'),
  blocked: z.array(
    proof.extend({
      owner: z.string().nullable().describe('Null where the run could not tell.'),
      why: z.string(),
      halts: z.enum(haltConditions).optional().describe('The halt condition for which the roll-out stops.'),
      nextStep: z.string().optional(),
    }),
  ),
});
export type HandOver = z.infer<typeof handOverSchema>;

const span = z.object({
  what: z.string(),
  beganMs: z.number().nonnegative().describe('Milliseconds since the run began.'),
  durationMs: z.number().nonnegative(),
  failed: z.literal(true).optional(),
});

const profile = z.object({
  obtaining: z
    .array(span.extend({ source: z.string().optional().describe('Where it came from, e.g. `cache` or `built`.') }))
    .describe('Each program.'),
  starting: z.array(span).describe('The target and each of its parts.'),
  checking: z.array(span).describe('Each posture contract.'),
  drilling: z
    .array(span.extend({ stages: z.array(z.object({ name: z.string(), durationMs: z.number().nonnegative() })) }))
    .describe(
      'Each drill, by the names of its contract and its disaster, at all its sizes. The stages are those of the last size.',
    ),
  stopping: z.array(span),
});

/** A whole run, as `reports/latest/run.json` holds it. */
export const runRecordSchema = z.object({
  schemaVersion,
  runId: z.string(),
  began: z.iso.datetime(),
  ended: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  command: z.string(),
  ranBy: ranBySchema.optional(),
  target: z.string(),
  stages: z
    .array(z.object({ name: z.string(), durationMs: z.number().nonnegative() }))
    .describe('How long the run was busy with each stage. Stages may overlap: programs are built beside drills.'),
  profile: profile.optional().describe('What the run did and when. Earlier versions wrote none.'),
  summary: z.object({
    drills: z.number().int(),
    met: z.number().int(),
    atRisk: z.number().int(),
    breached: z.number().int(),
    unproven: z.number().int(),
    postureChecks: z
      .object({
        checked: z.number().int(),
        met: z.number().int(),
        atRisk: z.number().int().optional().describe('Left out where there are none.'),
        breached: z.number().int(),
        unproven: z.number().int(),
      })
      .optional(),
    exitCode: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  }),
  drills: z.array(drillRecordSchema),
  postures: z
    .array(postureRecordSchema)
    .optional()
    .describe('Promises that were checked without a drill; left out when there were none.'),
  leftOut: z
    .array(
      z.object({
        contract: z.string(),
        lacking: z.array(z.string()),
        reason: z.string().optional().describe('Why the project expects that, as its configuration says in `notOn`.'),
        failsRun: z
          .boolean()
          .optional()
          .describe('True where a pipeline chose the target automatically and the configuration does not expect it.'),
      }),
    )
    .optional()
    .describe('Contracts that were not drilled, because the target lacks what they need and they were not requested.'),
  mistakes: z
    .array(z.object({ contract: z.string().nullable(), file: z.string(), message: z.string() }))
    .optional()
    .describe('Contracts that were not run because of how they are written; left out when there were none.'),
  failure: z
    .object({
      messages: z.array(z.string()),
      interrupted: z.boolean(),
      killed: z
        .boolean()
        .optional()
        .describe('True when the process of the run was killed: a later run wrote this record.'),
    })
    .optional()
    .describe('Why the run did not come to its end; left out when it did.'),
  handOver: handOverSchema
    .optional()
    .describe(
      'What the next phase of a roll-out takes over, computed from the rest of this record. Earlier versions wrote none.',
    ),
});
export type RunRecord = z.infer<typeof runRecordSchema>;
