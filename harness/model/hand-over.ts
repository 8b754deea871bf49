import { z } from 'zod';
import { haltConditions, postureVerdicts } from './posture.ts';

const verdict = z.enum(postureVerdicts);

const part = z.object({
  name: z.string(),
  verdict: verdict.describe('The worst of the checks that look at it.'),
  checks: z.array(z.string()).describe('Each as "<posture>/<check>".'),
});

const proof = z.object({
  what: z.string().describe('A posture check as "<posture>/<check>", or a drill as "<contract>/<disaster>".'),
  verdict,
  owner: z.string(),
});

/** What the next phase of a roll-out takes over from a run: where things are, what passed, and what is blocked and why. */
export const handOverSchema = z.object({
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
