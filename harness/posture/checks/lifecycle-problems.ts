import { formatDuration } from '../../model/units.ts';
import type { PrefixLifecycle } from '../../systems/s3/lifecycle.ts';
import type { LiveSettings } from '../../systems/s3/settings.ts';

/** A rule for some of the objects takes recovery points that the rule for all of them was to keep. */
export function endedTooEarly(where: string, { current, someCurrent }: PrefixLifecycle): string[] {
  if (someCurrent === null || current === null || someCurrent.afterMs >= current.afterMs) return [];
  return [
    `lifecycle ${someCurrent.rule} deletes some of what lies below ${where} after ${formatDuration(someCurrent.afterMs)} already, and ${current.rule} was to keep it for ${formatDuration(current.afterMs)}. Take one of them away`,
  ];
}

/** Deleting in a versioned bucket only hides: without a rule for noncurrent versions everything stays, and is paid for. */
export function noncurrentProblems(
  where: string,
  { noncurrent }: PrefixLifecycle,
  { settings }: LiveSettings,
): string[] {
  const versioned = typeof settings.versioning === 'object';
  if (!versioned || noncurrent !== null) return [];
  return [
    `the bucket is versioned and no lifecycle rule ends noncurrent versions below ${where}, so what is deleted stays for ever. Add NoncurrentVersionExpiration`,
  ];
}

/** Velero's backups of files share older objects of their repository: whoever deletes by age deletes from the newest, too. */
export function takenFromVelero(where: string, { current, someCurrent }: PrefixLifecycle): string[] {
  const ending = current ?? someCurrent;
  if (ending === null) return [];
  return [
    `lifecycle ${ending.rule} deletes what lies below ${where} after ${formatDuration(ending.afterMs)}, behind Velero's back: newer backups share those objects. Leave expiry to Velero's ttl, and end only noncurrent versions`,
  ];
}
