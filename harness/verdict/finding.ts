import type { Cause } from '../model/causes.ts';
import type { Finding, FindingName, Verdict } from '../model/record.ts';

/** A finding with its cause. One that is at risk names the reserve that is too small, where nothing else is named. */
export function findingOf(name: FindingName, verdict: Verdict, sentence: string, cause: Cause | undefined): Finding {
  if (verdict === 'met') return { name, verdict, sentence };
  if (verdict === 'at-risk') return { name, verdict, sentence, cause: 'within-a-fifth' };
  return { name, verdict, sentence, ...(cause === undefined ? {} : { cause }) };
}
