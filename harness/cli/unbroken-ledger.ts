import type { LedgerVerification } from '../evidence/ledger/verify-ledger.ts';
import { ExplainedError } from '../model/errors.ts';

/** HTML, PDF and JSON can say that a ledger is invalid. An auditor takes these formats for evidence, and they have no place for it. */
const NEEDS_UNBROKEN_LEDGER: readonly string[] = ['oscal', 'csv'];

export const needsUnbrokenLedger = (format: string): boolean => NEEDS_UNBROKEN_LEDGER.includes(format);

/** @throws {ExplainedError} for an invalid ledger where the format cannot say so. */
export function requireUnbroken(
  at: string,
  { verdict, faults: [fault] }: Pick<LedgerVerification, 'verdict' | 'faults'>,
  format: string,
): void {
  if (verdict !== 'invalid' || !needsUnbrokenLedger(format)) return;
  throw new ExplainedError({
    thing: `ledger ${at}`,
    expected: `an unbroken ledger for --format ${format}`,
    observed: (fault?.sentence ?? 'it is invalid').replace(/\.$/, '').replace(/^The /, 'the '),
    nextStep: 'To see every fault, run `dr-contracts verify`.',
  });
}
