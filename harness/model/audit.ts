import { z } from 'zod';

// Facts that an auditor asks for besides the result of a test: who ran it, what kind of test it was, where its objectives come from.
// Nothing is guessed: a fact that nobody stated is left out.

/** Notes of a contract for auditors. No drill can find them out. */
export const auditNotesSchema = z.object({
  impactAnalysis: z
    .string()
    .optional()
    .describe('The business impact analysis from which the objectives come: a link, or the name of the document.'),
  testKind: z.string().optional().describe('The kind of test, in the words of the test programme.'),
  segregation: z.string().optional().describe('How the restore target was separated from the source.'),
});

/** The person or pipeline that started a run. A field is null if the machine does not know it. */
export const ranBySchema = z.object({
  host: z.string(),
  user: z.string().nullable(),
  pipeline: z.string().nullable().describe('For example "GitHub Actions: dr / drill".'),
  runUrl: z.string().nullable(),
  actor: z.string().nullable().describe('The person or workload identity for which the pipeline ran.'),
});

export const cadenceMsSchema = z.number().positive().describe('How often the contract promises a proof.');

export type AuditNotes = z.infer<typeof auditNotesSchema>;
export type RanBy = z.infer<typeof ranBySchema>;
