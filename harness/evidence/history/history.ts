import type { Verdict } from '../../model/record.ts';
import type { LedgerEntry } from '../entry.ts';
import { drillGroup, type Figures, NO_WAIVERS } from '../exports/result-groups.ts';

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
  readonly owner: string;
  /** Whether the last run still states it. */
  readonly isPromised: boolean;
  readonly points: readonly HistoryPoint[];
  /** Since when the last verdict holds; null where no drill was found. */
  readonly since: string | null;
  /** True where an older drill, which was not read, may have had the same verdict. */
  readonly sinceIsUpperBound: boolean;
}

export interface History {
  /** How many runs were read, the last ones of the ledger. */
  readonly runs: number;
  /** Whether the ledger holds older runs. */
  readonly isCut: boolean;
  readonly promises: readonly PromiseHistory[];
}

interface Draft {
  readonly contract: string;
  readonly disaster: string;
  readonly owner: string;
  isPromised: boolean;
  /** The newest first. */
  readonly points: HistoryPoint[];
}

export interface HistoryOptions {
  /** How many runs are read, from the last one. */
  readonly runs: number;
  /** All when empty. */
  readonly contracts: readonly string[];
}

/** Reads the last runs of a ledger from its last entry, and the promises as the last run stated them. */
export async function historyOf(
  newestFirst: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  { runs: wanted, contracts }: HistoryOptions,
): Promise<History> {
  const drafts = new Map<string, Draft>();
  const draftOf = (contract: string, disaster: string, owner: string): Draft => {
    const key = JSON.stringify([contract, disaster]);
    const draft = drafts.get(key) ?? { contract, disaster, owner, isPromised: false, points: [] };
    drafts.set(key, draft);
    return draft;
  };
  const isWanted = (contract: string) => contracts.length === 0 || contracts.includes(contract);
  let runs = 0;
  let isCut = false;
  for await (const { body } of newestFirst) {
    if (runs === wanted) {
      isCut = true;
      break;
    }
    if (body.kind === 'run-started') {
      runs += 1;
      if (runs > 1) continue;
      for (const { contract, disasters, owner } of body.promises.filter((each) => isWanted(each.contract))) {
        for (const disaster of disasters) draftOf(contract, disaster, owner).isPromised = true;
      }
    } else if (body.kind === 'drill' && isWanted(body.record.contract.name)) {
      const { name, owner } = body.record.contract;
      draftOf(name, body.record.disaster.name, owner).points.push(pointOf(body));
    }
  }
  const promises = [...drafts.values()]
    .toSorted((a, b) => compare(a.contract, b.contract) || compare(a.disaster, b.disaster))
    .map((draft) => promiseHistory(draft, isCut));
  return { runs, isCut, promises };
}

function pointOf({ record, measurementVersion, runId, at }: Extract<LedgerEntry['body'], { kind: 'drill' }>) {
  const { ended, verdict, figures } = drillGroup(record, NO_WAIVERS);
  const { target, commit } = record.environment;
  return { at: ended ?? at, verdict, figures, target, commit, measurementVersion, runId, drillId: record.drillId };
}

function promiseHistory(draft: Draft, isCut: boolean): PromiseHistory {
  const points = draft.points.toReversed();
  const last = points.at(-1);
  const changed = points.findLastIndex(({ verdict }) => verdict !== last?.verdict);
  return {
    ...draft,
    points,
    since: points[changed + 1]?.at ?? null,
    sinceIsUpperBound: isCut && changed === -1 && last !== undefined,
  };
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
