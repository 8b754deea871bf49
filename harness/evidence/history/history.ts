import type { Verdict } from '../../model/record.ts';
import type { LedgerEntry } from '../entry.ts';
import { drillGroup, type Figures, NO_WAIVERS } from '../exports/result-groups.ts';

/** Drills that are kept for each promise: more than a line of a terminal can show. */
const MOST_POINTS = 60;

export interface HistoryPoint {
  readonly at: string;
  readonly verdict: Verdict;
  readonly figures: Figures;
  readonly target: string;
  readonly commit: string | null;
  readonly measurementVersion: number;
  readonly runId: string;
  readonly drillId: string;
}

/** The drills of one disaster of one contract, the oldest first. */
export interface PromiseHistory {
  readonly contract: string;
  readonly disaster: string;
  readonly owner: string | null;
  /** All drills of the ledger; `points` holds the last of them. */
  readonly drills: number;
  readonly points: readonly HistoryPoint[];
  /** Since when the last verdict holds; null where the promise was never drilled. */
  readonly since: string | null;
}

interface Draft {
  readonly contract: string;
  readonly disaster: string;
  owner: string | null;
  drills: number;
  points: HistoryPoint[];
  since: string | null;
}

/** Reads a ledger from its first entry and keeps, for each promise, its last drills. */
export class HistoryCollector {
  readonly #drafts = new Map<string, Draft>();

  add({ body }: LedgerEntry): void {
    if (body.kind === 'run-started') {
      for (const { contract, disasters, owner } of body.promises) {
        for (const disaster of disasters) this.#draft(contract, disaster).owner = owner;
      }
    } else if (body.kind === 'drill') {
      const { record, measurementVersion, runId } = body;
      const group = drillGroup(record, NO_WAIVERS);
      const draft = this.#draft(group.contract, group.disaster);
      const point: HistoryPoint = {
        at: group.ended ?? record.moments.began.utc,
        verdict: group.verdict,
        figures: group.figures,
        target: record.environment.target,
        commit: record.environment.commit,
        measurementVersion,
        runId,
        drillId: record.drillId,
      };
      if (draft.points.at(-1)?.verdict !== point.verdict) draft.since = point.at;
      draft.owner = record.contract.owner;
      draft.drills += 1;
      draft.points.push(point);
      if (draft.points.length > MOST_POINTS) draft.points.shift();
    }
  }

  histories(contracts: readonly string[] = []): readonly PromiseHistory[] {
    return [...this.#drafts.values()]
      .filter(({ contract }) => contracts.length === 0 || contracts.includes(contract))
      .toSorted((a, b) => compare(a.contract, b.contract) || compare(a.disaster, b.disaster));
  }

  #draft(contract: string, disaster: string): Draft {
    const key = JSON.stringify([contract, disaster]);
    const known = this.#drafts.get(key);
    if (known !== undefined) return known;
    const draft: Draft = { contract, disaster, owner: null, drills: 0, points: [], since: null };
    this.#drafts.set(key, draft);
    return draft;
  }
}

export async function historyOf(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  contracts: readonly string[] = [],
): Promise<readonly PromiseHistory[]> {
  const collector = new HistoryCollector();
  for await (const entry of entries) collector.add(entry);
  return collector.histories(contracts);
}

/**
 * The recovery times that can be compared with the last one: those of the same target and measurement version. Undefined for a drill
 * whose time is not known, or only from below.
 */
export function comparableTimes({ points }: PromiseHistory): readonly (number | undefined)[] {
  const last = points.at(-1);
  return points
    .filter((each) => each.target === last?.target && each.measurementVersion === last.measurementVersion)
    .map(({ figures }) => (figures.rtaMs === null || figures.rtaIsLowerBound ? undefined : figures.rtaMs));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
