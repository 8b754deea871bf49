import type { LedgerVerification } from './verify-ledger.ts';

type Told = Pick<LedgerVerification, 'verdict' | 'faultCounts' | 'unsigned' | 'signedFrom' | 'head' | 'entries'>;

/** What a verification says of a whole ledger, without a full stop. `verify` and the reports use the same words. */
export function verdictSentence(verification: Told): string {
  const { verdict, faultCounts } = verification;
  const count = Object.values(faultCounts).reduce((sum, each) => sum + each, 0);
  const things = `${count} ${count === 1 ? 'thing is' : 'things are'}`;
  const missing = count === 0 ? '' : `; ${things} missing or cannot be read`;
  switch (verdict) {
    case 'valid':
      return validSentence(verification);
    case 'unsigned':
      return `unsigned: unbroken, but anybody could have written it${missing}`;
    case 'not pinned':
      return `signed and unbroken, but no key was given: --key says whose signature counts${missing}`;
    case 'incomplete':
      return `incomplete: what is there can be believed, but ${things} missing or cannot be read`;
    case 'empty':
      return 'empty: there is no entry, so nothing is proved';
    case 'invalid':
      return `not valid: ${things} wrong`;
  }
}

function validSentence({ unsigned, signedFrom, head, entries }: Told): string {
  if (unsigned === 0 || signedFrom === undefined || head === null) {
    return 'valid: unbroken, and signed by the keys that were given';
  }
  // Signed reviews may stand between unsigned entries: then these are not the first ones of the ledger.
  const areFirst = head.sequence - entries + 1 + unsigned === signedFrom;
  const which = areFirst
    ? `the first ${unsigned === 1 ? 'entry is' : `${unsigned} entries are`} unsigned`
    : `${unsigned} earlier ${unsigned === 1 ? 'entry is' : 'entries are'} unsigned`;
  return `valid: unbroken; signed by the keys that were given from entry ${signedFrom} on, ${which}`;
}
