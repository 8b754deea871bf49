import { z } from 'zod';
import { causeSchema } from './causes.ts';

export const undecidedSchema = z.object({
  item: z.string().describe('What could not be decided, e.g. "statement 3 of iam/writer.json" or "dumps/old.bin".'),
  reason: z.string(),
  cause: causeSchema.optional(),
});
export type UndecidedItem = z.infer<typeof undecidedSchema>;
