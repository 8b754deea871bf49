import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { livenessOf } from '../process/identity.ts';
import type { Judged, SessionFile } from './session.ts';

export interface CollectOptions {
  /** Find only; remove nothing. */
  readonly dryRun: boolean;
  /** Also remove the kept cluster. */
  readonly kept: boolean;
  readonly clock: Clock;
}

/** Leftovers of one session in one place, e.g. its folder, or its objects in the docker daemon. */
export interface Leftovers<Found> {
  /** Judgement of the session's owner. */
  readonly judged: Judged;
  /** Their name in a message that they are left alone. */
  readonly where: string;
  /** Their name in a message that they cannot be removed. */
  readonly name: string;
  /** Returns a description for the report. */
  describe(): Found;
  remove(): Promise<void>;
}

/** Result for the leftovers of one place. */
export interface Swept<Found> {
  /** Leftovers of dead owners: removed, or only found in a dry run. */
  readonly found: readonly Found[];
  /** Ids of sessions whose owner lives. */
  readonly live: readonly string[];
  readonly leftAlone: readonly { readonly dir: string; readonly reason: string }[];
  readonly problems: readonly string[];
}

/** Removes the leftovers of dead owners in sequence, and nothing else. A failure does not prevent the other removals. */
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

/** Judges the owner by its process alone. */
export function judgeOwner({ id, owner, machine, began }: SessionFile): Judged {
  const kind = livenessOf({ owner, machine });
  if (kind !== 'unclear') return kind === 'live' ? { kind, id } : { kind, id, began };
  return { kind, reason: `it belongs to ${machine.host}, whose processes cannot be seen from here` };
}
