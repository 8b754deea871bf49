import { counted } from '../model/counted.ts';
import type { PostureDifference, UndecidedItem } from '../model/posture.ts';

/** One firing of a job, as its system still shows it. */
export interface KnownFiring {
  /** The object that it made, e.g. `Job nats-backup-29403120`. */
  readonly name: string;
  readonly at: string;
  readonly outcome: 'succeeded' | 'failed' | 'running';
  readonly said: string;
}

/** The last firings of a job. */
export interface JobFirings {
  /** E.g. `CronJob agents/nats-backup`. */
  readonly what: string;
  /** The newest first. */
  readonly known: readonly KnownFiring[];
  /** How many were due among the last ones, and have left nothing to look at. */
  readonly unknown: number;
  /** What is kept of them, e.g. `it keeps 3 Jobs that succeeded and 1 that failed`. */
  readonly kept: string;
  /** Why a failed firing may be among the unknown ones, and what to do; undefined where failed ones are kept for long enough. */
  readonly hidesFailures: { readonly because: string; readonly fix: string } | undefined;
}

export interface FiringLimits {
  /** So many of the last firings are looked at. */
  readonly firings: number;
  /** So many of them may not have failed. */
  readonly failedFirings: number;
}

export interface FailedFirings {
  readonly differences: readonly PostureDifference[];
  readonly undecided: readonly UndecidedItem[];
  readonly notVerified: readonly string[];
}

/** Whether a job failed too often in its last firings. What was removed is unknown; it is undecided where enough failures may be among it. */
export function judgeFirings(
  { what, known, unknown, kept, hidesFailures }: JobFirings,
  { firings, failedFirings }: FiringLimits,
): FailedFirings {
  const failed = known.filter(({ outcome }) => outcome === 'failed');
  const open = `how ${unknown} of the last ${firings} firings of ${what} ended (${kept})`;
  const notVerified = [
    ...(unknown === 0 ? [] : [open]),
    ...(known.length + unknown === 0 ? [`${what}, which has not fired yet`] : []),
  ];
  const [last] = failed;
  if (last !== undefined && failed.length >= failedFirings) {
    const difference: PostureDifference = {
      item: what,
      expected: `fewer than ${failedFirings} failures in its last ${firings} firings`,
      found: `${failed.length}${unknown === 0 ? '' : `, and ${unknown} are unknown`}; the last is ${last.name} of ${last.at}: ${last.said}`,
      nextStep: `Look at what ${last.name} logged, repair the job, and let it succeed.`,
      cause: 'failed-repeatedly',
    };
    return { differences: [difference], undecided: [], notVerified };
  }
  if (hidesFailures !== undefined && failed.length + unknown >= failedFirings) {
    const seen = `${counted(known.length, 'firing')} of the last ${firings} can be seen, and ${failed.length} of them failed`;
    const reason = `${seen}; ${hidesFailures.because}. ${hidesFailures.fix}`;
    return { differences: [], undecided: [{ item: what, reason, cause: 'failures-not-kept' }], notVerified };
  }
  return { differences: [], undecided: [], notVerified };
}
