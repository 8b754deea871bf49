import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { livenessOf } from '../process/identity.ts';
import type { Judged, SessionFile } from './session.ts';

export interface CollectOptions {
  /** Only finds, and removes nothing. */
  readonly dryRun: boolean;
  /** Removes the kept cluster, too. */
  readonly kept: boolean;
  readonly clock: Clock;
}

/** What one session left in one place, e.g. its folder, or what it has in the docker daemon. */
export interface Leftovers<Found> {
  /** Of the session's owner. */
  readonly judged: Judged;
  /** Names them where they are left alone. */
  readonly where: string;
  /** Names them where they cannot be removed. */
  readonly name: string;
  /** What they are, for the report. */
  describe(): Found;
  remove(): Promise<void>;
}

/** What became of the leftovers of one place. */
export interface Swept<Found> {
  /** Of dead owners: removed, or only found in a dry run. */
  readonly found: readonly Found[];
  /** Ids of sessions whose owner lives. */
  readonly live: readonly string[];
  readonly leftAlone: readonly { readonly dir: string; readonly reason: string }[];
  readonly problems: readonly string[];
}

/** Removes what dead owners left, one after the other, and nothing else. What resists keeps nothing else from being removed. */
export async function sweep<Found>(leftovers: Iterable<Leftovers<Found>>, dryRun: boolean): Promise<Swept<Found>> {
  const found: Found[] = [];
  const live: string[] = [];
  const leftAlone: { dir: string; reason: string }[] = [];
  const problems: string[] = [];
  for (const { judged, where, name, describe, remove } of leftovers) {
    if (judged.kind === 'live') live.push(judged.id);
    else if (judged.kind === 'unclear') leftAlone.push({ dir: where, reason: judged.reason });
    else {
      try {
        found.push(describe());
        if (!dryRun) await remove();
      } catch (error) {
        problems.push(`${name}: ${summaryOf(error)}`);
      }
    }
  }
  return { found, live, leftAlone, problems };
}

/** By the owner's process, and by nothing else. */
export function judgeOwner({ id, owner, machine, began }: SessionFile): Judged {
  const kind = livenessOf({ owner, machine });
  if (kind !== 'unclear') return kind === 'live' ? { kind, id } : { kind, id, began };
  return { kind, reason: `it belongs to ${machine.host}, whose processes cannot be seen from here` };
}
