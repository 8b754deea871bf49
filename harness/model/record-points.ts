import { z } from 'zod';
import { absenceCheck, comparison, lane, moment, partFailure } from './record-parts.ts';

/** Name of a recovery point of a drill: `older` is the first that it took, `newer` the second. */
const pointName = z.enum(['older', 'newer']);

/** A second restore in the same drill. None of it is part of RTA or RPA. */
const otherRestored = z.object({
  cleared: z
    .array(absenceCheck)
    .describe('Reads that show that the content of the first restore was gone before the second restore.'),
  claimed: z.string().describe('What the restore said about itself; proves nothing.'),
  warnings: z.array(z.string()),
  markers: z.array(lane),
  comparison: comparison.nullable().describe('What came back, compared with the content of the point that was given.'),
  comparedWithOther: comparison
    .optional()
    .describe(
      'The same, compared with the content of the point that was restored first. Left out when it is as it should be.',
    ),
  failure: partFailure.nullable(),
});

export const recoveryPoints = z.object({
  taken: z
    .array(
      z.object({
        name: pointName,
        id: z.string(),
        location: z.string(),
        captureBegan: moment,
        durable: moment,
        content: z
          .object({ items: z.number().int().nonnegative(), digest: z.string() })
          .describe('What the asset held when the capture began.'),
      }),
    )
    .describe('In the order in which they were taken.'),
  changes: z.array(z.string()).describe('What was changed in the asset between the two.'),
  restored: pointName,
  instead: z
    .string()
    .optional()
    .describe('Why the newer one was restored although the older one was announced: the older one no longer existed.'),
  onlyOne: z.string().optional().describe('Why only one was taken; left out where two were.'),
  comparedWithOther: comparison
    .optional()
    .describe(
      'What came back, compared with the content of the point that was not asked for. Left out when it is as it should be.',
    ),
  otherRestored: otherRestored
    .optional()
    .describe(
      'The restore of the other point, after the first was verified. Left out where another drill restores it.',
    ),
  onlyOneRestored: z
    .string()
    .optional()
    .describe('Why the other point was not restored, where no other drill of the contract restores it either.'),
});

export type PointName = z.infer<typeof pointName>;
export type RecoveryPointsRecord = z.infer<typeof recoveryPoints>;
export type OtherRestoredRecord = z.infer<typeof otherRestored>;
