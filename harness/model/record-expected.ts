import { z } from 'zod';
import { phaseNames, schedule } from './record-parts.ts';
import { assurancePromises, findingNames } from './verdict-names.ts';

/**
 * What the drill had to show, written before the disaster from the definitions of contract, disaster, procedure and asset, and from
 * the fingerprint. The judge demands every part of it, and nothing that was not announced.
 */
export const expected = z.object({
  findings: z.array(z.enum(findingNames)).describe('The findings that contract and disaster promise.'),
  stages: z.array(z.string()).describe('The stages of the drill in their order, without those that follow a failover.'),
  phases: z.array(z.enum(phaseNames)).describe('The phases of RTA that contract and procedure call for.'),
  lanes: z.array(z.string()).describe('The lanes of markers to be compared with their journals.'),
  absence: z.array(z.string()).describe('The reads that must show the asset gone, in their order.'),
  identities: z
    .array(z.object({ what: z.string(), value: z.string(), keptBy: z.string().optional() }))
    .describe(
      'What the asset was known by before the disaster; each must be another one after the restore, unless a documented recovery keeps it.',
    ),
  items: z
    .array(z.object({ kind: z.string(), items: z.number().int().nonnegative() }))
    .describe('What the fingerprint holds, by kind: as many of each must be compared.'),
  assurances: z
    .array(z.object({ promise: z.enum(assurancePromises), what: z.string() }))
    .describe('What must be looked at for what the disaster assures.'),
  points: z
    .object({
      taken: z.literal([1, 2]).describe('How many recovery points the drill takes.'),
      restores: z.enum(['older', 'newer']).describe('Which of them it restores.'),
      alsoRestores: z
        .literal('older')
        .optional()
        .describe(
          'Which of them it restores after that, into the same place, where no other drill of the contract does.',
        ),
    })
    .optional()
    .describe(
      'How many recovery points must be taken, and which is restored. Earlier records have none: they took one.',
    ),
  copiedOn: schedule.optional().describe('The second schedule that counts in this disaster; left out where none does.'),
  replicaLooks: z.number().int().positive().optional().describe('How often a live replica must be looked at.'),
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
