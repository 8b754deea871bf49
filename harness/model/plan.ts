import { z } from 'zod';
import { postureVerdicts } from './posture.ts';

// Plan of a team, line by line, and the proofs that each line is done.

const on = z
  .string()
  .min(1)
  .optional()
  .describe('The target on which it has to be seen, such as `docker`; any target when left out.');

const drillHolder = z.strictObject({ contract: z.string().min(1), disaster: z.string().min(1), on });
const checkHolder = z.strictObject({ posture: z.string().min(1), check: z.string().min(1), on });
const testHolder = z.strictObject({
  test: z.string().min(1).describe('A test file on a real system, from the folder of the project.'),
  name: z.string().min(1).describe('The name of the test, with or without those of the blocks around it.'),
  on,
});
/** The form of each kind of holder, by the field that tells the kind. */
export const planHolderForms = { contract: drillHolder, posture: checkHolder, test: testHolder } as const;
const holder = z.union([drillHolder, checkHolder, testHolder]);
export type PlanHolder = z.infer<typeof holder>;

const line = z.strictObject({
  id: z.string().regex(/^[A-Z]+\d+$/, 'must be capital letters and a number, such as A1'),
  text: z.string().trim().min(1),
  seen: z.string().trim().min(1).describe('How it is to be seen by a run.'),
  heldBy: z.array(holder).describe('Every one of them has to be met. A line that nothing holds is not held.'),
});
export type PlanLine = z.infer<typeof line>;

/** The file that `plan` of the configuration names. */
export const planSchema = z.strictObject({
  title: z.string().trim().min(1),
  lines: z
    .array(line)
    .min(1)
    .superRefine((lines, context) => {
      const ids = lines.map(({ id }) => id);
      const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
      if (twice < 0) return;
      context.addIssue({
        code: 'custom',
        path: [twice, 'id'],
        message: `must not use an id twice: an earlier line is ${ids[twice]}`,
      });
    }),
});
export type Plan = z.infer<typeof planSchema>;

/** Result of a run, or of a test report, for one holder. */
export const planProofSchema = z.object({
  holder: z.string().describe('As `holderName` writes it.'),
  target: z.string(),
  verdict: z.enum(postureVerdicts),
  at: z.iso.datetime(),
  why: z.string().describe('The sentence of the judgement; empty for a test that passed.'),
  definition: z
    .string()
    .nullable()
    .describe(
      'A digest of the definition that the holder had then; null where nobody recorded one, as earlier versions did.',
    ),
});
export type PlanProof = z.infer<typeof planProofSchema>;

/** Returns the name of a holder: readable, and its unique key. */
export function holderName(holder: PlanHolder): string {
  if ('contract' in holder) return `drill ${holder.contract}: ${holder.disaster}`;
  if ('posture' in holder) return `check ${holder.posture}: ${holder.check}`;
  return `test ${holder.test}: ${holder.name}`;
}
