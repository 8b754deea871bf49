import { z } from 'zod';
import type { AuditNotes } from '../model/audit.ts';
import { parseDurationMs } from '../model/units.ts';

/** What a contract of either kind may state for auditors and for the schedule of its proofs. Nothing is filled in where it is left out. */
export interface AuditDefinition {
  /**
   * How often a proof is promised, e.g. `1d`. The gate and `verify` then notice a scheduled run that is missing. A proof may come later by
   * a tenth of it, and by an hour where that is longer.
   */
  readonly cadence?: string;
  readonly audit?: {
    /** The business impact analysis from which the objectives come: a link, or the name of the document. */
    readonly impactAnalysis?: string;
    /** The kind of test, in the words of your test programme, e.g. `functional test on a disposable copy`. */
    readonly testKind?: string;
    /** How the restore target was separated from the source. */
    readonly segregation?: string;
  };
}

const words = z.string().trim().min(1, 'must not be empty').optional();

/** The same fields, for the schemas of contracts and posture contracts. */
export const auditFields = {
  cadence: z.string().optional(),
  audit: z.strictObject({ impactAnalysis: words, testKind: words, segregation: words }).optional(),
};

/**
 * @param thing for messages: whose fields they are.
 * @throws {ExplainedError} for a cadence that is no duration.
 */
export function auditOf(
  { cadence, audit }: { readonly cadence?: string | undefined; readonly audit?: AuditNotes | undefined },
  thing: string,
): { readonly cadenceMs?: number; readonly audit?: AuditNotes } {
  return {
    ...(cadence === undefined ? {} : { cadenceMs: parseDurationMs(cadence, `${thing}, cadence`) }),
    ...(audit === undefined || Object.keys(audit).length === 0 ? {} : { audit }),
  };
}
