import type { Cause } from '../../../model/causes.ts';
import { formatDuration } from '../../../model/units.ts';
import type { PrefixLifecycle } from '../lifecycle.ts';
import type { LiveSettings } from '../settings.ts';

/** A rule that breaks a promise about recovery points, with the reason and the rule's identifier. */
export interface LifecycleProblem {
  readonly text: string;
  readonly cause: Cause;
}

/** A rule with a date deletes objects of any age, and continues to do so after the date. */
export function endedOnADate(where: string, { dated }: PrefixLifecycle, nowMs: number): LifecycleProblem[] {
  return dated.map(({ atMs, rule, isForAll }) => {
    const date = new Date(atMs).toISOString().slice(0, 10);
    const text =
      atMs <= nowMs
        ? `lifecycle ${rule} has a past date (${date}), so it deletes ${isForAll ? 'every recovery point' : 'some objects'} below ${where} on arrival`
        : `lifecycle ${rule} deletes ${isForAll ? 'all' : 'some'} objects below ${where} on ${date}, whatever their age`;
    return { text: `${text}. Write Days instead of Date`, cause: 'expires-on-a-date' };
  });
}

/** Reports a rule that deletes recovery points before anyone could restore them. */
export function endedAtOnce(where: string, { current }: PrefixLifecycle): LifecycleProblem[] {
  if (current === null || current.afterMs > 0) return [];
  return [
    {
      text: `lifecycle ${current.rule} deletes every recovery point below ${where} at once (Days: 0). Write how many days it is kept`,
      cause: 'no-recovery-point-at-times',
    },
  ];
}

/** Reports a rule for some of the objects that deletes recovery points which the rule for all of them keeps. */
export function endedTooEarly(where: string, { current, someCurrent }: PrefixLifecycle): string[] {
  if (someCurrent === null || current === null || someCurrent.afterMs >= current.afterMs) return [];
  return [
    `lifecycle ${someCurrent.rule} deletes some objects below ${where} after ${formatDuration(someCurrent.afterMs)}, but ${current.rule} should keep them for ${formatDuration(current.afterMs)}. Remove one of the two rules`,
  ];
}

/** In a versioned bucket, deletion only hides objects. Without a rule for noncurrent versions everything stays, and costs money. */
export function noncurrentProblems(
  where: string,
  { noncurrent }: PrefixLifecycle,
  { settings }: LiveSettings,
): string[] {
  const versioned = typeof settings.versioning === 'object';
  if (!versioned || noncurrent !== null) return [];
  return [
    `the bucket is versioned and no lifecycle rule ends noncurrent versions below ${where}, so deleted objects stay for ever. Add NoncurrentVersionExpiration`,
  ];
}

/** Velero's file backups share older objects of their repository, so a rule that deletes by age also deletes data of the newest backup. */
export function takenFromVelero(where: string, { current, someCurrent }: PrefixLifecycle): string[] {
  const ending = current ?? someCurrent;
  if (ending === null) return [];
  return [
    `lifecycle ${ending.rule} deletes objects below ${where} after ${formatDuration(ending.afterMs)}, although newer backups of Velero share them. Leave expiry to Velero's ttl, and end only noncurrent versions`,
  ];
}

/** Velero and its repository read their objects all the time. A class that needs thawing stops both backups and restores. */
export function archivedFromVelero(where: string, { archiving }: PrefixLifecycle): LifecycleProblem[] {
  if (archiving === null) return [];
  const { rule, storageClass, afterMs } = archiving;
  return [
    {
      text: `lifecycle ${rule} moves objects below ${where} into ${storageClass} after ${formatDuration(afterMs)}, where Velero cannot read them. Remove the transition`,
      cause: 'archived-too-soon',
    },
  ];
}
