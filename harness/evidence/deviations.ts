import { isKept } from '../model/record-parts.ts';
import type { EntryOf, LedgerEntry } from './entry.ts';

// Deviations of a ledger: problems that a drill showed, until a drill that was met closes them.

/** A drill, or a run of posture checks, that shows that the deviation no longer exists. */
export interface Retest {
  readonly sequence: number;
  readonly digest: string;
  readonly runId: string;
  readonly drillId: string | null;
  readonly verdict: string;
}

export interface OpenDeviation {
  readonly sequence: number;
  readonly digest: string;
  readonly body: EntryOf<'deviation'>;
  /** Retests that could close it, the oldest first: the first one and the last {@link MOST_RETESTS}. */
  readonly retests: readonly Retest[];
  /** Disasters of it that no later drill met, or that the last drill did not meet. */
  readonly open: readonly string[];
}

/** Maximum number of kept retests per deviation. A deviation that stays open must not fill the memory. */
const MOST_RETESTS = 100;

type FollowedEntry = Pick<LedgerEntry, 'sequence' | 'digest' | 'body'>;

/** Follows a ledger entry by entry, and keeps the deviations that are open. */
export class DeviationList {
  readonly #open = new Map<number, Followed>();
  /** Maps a contract to its disasters in the last run. */
  readonly #disasters = new Map<string, readonly string[]>();

  get open(): readonly OpenDeviation[] {
    return [...this.#open.keys()].flatMap((sequence) => this.find(sequence) ?? []);
  }

  find(sequence: number): OpenDeviation | undefined {
    const followed = this.#open.get(sequence);
    if (followed === undefined) return undefined;
    const { held, ...deviation } = followed;
    const { contract, disaster } = deviation.body;
    const wanted = disaster === null ? (this.#disasters.get(contract) ?? []) : [disaster];
    return { ...deviation, open: wanted.filter((each) => !held.has(each)) };
  }

  /** Returns why an entry closes no deviation: it names no open one, or no retest of it. Returns undefined if it closes one. */
  refusalOf({ deviation, retest }: EntryOf<'deviation-closed'>): 'no deviation' | 'no retest' | undefined {
    const followed = this.#open.get(deviation.sequence);
    if (followed === undefined || followed.digest !== deviation.digest) return 'no deviation';
    const isRetest = followed.retests.some(
      ({ sequence, digest }) => sequence === retest.sequence && digest === retest.digest,
    );
    return isRetest ? undefined : 'no retest';
  }

  follow(entry: FollowedEntry): void {
    const { sequence, digest, body } = entry;
    if (body.kind === 'run-started') {
      for (const { contract, disasters } of body.promises) this.#disasters.set(contract, disasters);
    } else if (body.kind === 'deviation') {
      this.#open.set(sequence, { sequence, digest, body, retests: [], held: new Set() });
    } else if (body.kind === 'deviation-closed') {
      if (this.refusalOf(body) === undefined) this.#open.delete(body.deviation.sequence);
    } else if (this.#open.size > 0) {
      for (const deviation of this.#open.values()) this.#retested(deviation, entry);
    }
  }

  #retested(deviation: Followed, { sequence, digest, body }: FollowedEntry): void {
    const { contract, disaster } = deviation.body;
    if (body.kind === 'drill') {
      const { record, runId } = body;
      const { name } = record.disaster;
      if (record.contract.name !== contract || (disaster !== null && name !== disaster)) return;
      const verdict = record.judgement?.verdict ?? 'unproven';
      if (verdict !== 'met' && verdict !== 'at-risk') {
        deviation.held.delete(name);
        return;
      }
      deviation.held.add(name);
      // A deviation of the whole contract is gone when none of its disasters shows it.
      const wanted = disaster === null ? (this.#disasters.get(contract) ?? [name]) : [disaster];
      if (!wanted.every((each) => deviation.held.has(each))) return;
      addRetest(deviation, { sequence, digest, runId, drillId: record.drillId, verdict });
    } else if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      const posture = body.run.postures?.find((each) => each.contract.name === contract);
      if (posture === undefined || !isKept(posture.verdict)) return;
      addRetest(deviation, { sequence, digest, runId: body.runId, drillId: null, verdict: posture.verdict });
    }
  }
}

interface Followed extends Omit<OpenDeviation, 'open' | 'retests'> {
  readonly retests: Retest[];
  /** Disasters that the last drill since it was opened has met. */
  readonly held: Set<string>;
}

function addRetest({ retests }: Followed, retest: Retest): void {
  retests.push(retest);
  if (retests.length > MOST_RETESTS + 1) retests.splice(1, 1);
}

/** Returns whether the due day is over, in UTC. */
export const isOverdue = ({ due }: Pick<EntryOf<'deviation'>, 'due'>, nowUtc: string): boolean =>
  due < nowUtc.slice(0, 10);

/** Returns the text of a deviation for a sentence. */
export function deviationText({ sequence, body }: OpenDeviation): string {
  const { contract, disaster, cause, owner, due, ticket } = body;
  const of = disaster === null ? contract : `${contract} › ${disaster}`;
  return `Deviation ${sequence} of ${of} (${cause}) was due on ${due}, and no retest has closed it; ${owner} owns it${ticket === null ? '' : ` (${ticket})`}.`;
}
