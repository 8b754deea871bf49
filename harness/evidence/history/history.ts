import type { PostureRecord } from '../../model/posture.ts';
import type { Verdict } from '../../model/record.ts';
import { compareText } from '../../model/text.ts';
import { type LedgerEntry, POSTURE, placesOf, promiseKey } from '../entry.ts';
import { endingOf, type RunEnding } from '../exports/exported-run.ts';
import { drillGroup, type Figures, NO_WAIVERS, postureGroup } from '../exports/result-groups.ts';

interface HistoryPoint {
  readonly at: string;
  readonly verdict: Verdict;
  readonly figures: Figures;
  readonly target: string;
  readonly commit: string | null;
  /** Null for posture checks, which measure no time. */
  readonly measurementVersion: number | null;
  readonly runId: string;
  /** Null for posture checks. */
  readonly drillId: string | null;
}

/** A run that did not finish. */
export interface BrokenRun {
  readonly runId: string;
  readonly began: string;
  readonly ending: Exclude<RunEnding, 'finished'>;
}

/** The drills of one disaster of one contract, or the checks of a posture contract, the oldest first. */
export interface PromiseHistory {
  readonly contract: string;
  /** `posture` for a posture contract. */
  readonly disaster: string;
  readonly owner: string;
  /** True if the last run still states the promise. */
  readonly isPromised: boolean;
  readonly points: readonly HistoryPoint[];
  /** Time since which the last verdict holds; null if no drill was found. */
  readonly since: string | null;
  /** True if an older, unread drill may have had the same verdict. */
  readonly sinceIsUpperBound: boolean;
}

export interface History {
  /** Number of runs that were read, the last ones of the ledger. */
  readonly runs: number;
  /** True if the ledger holds older runs. */
  readonly isCut: boolean;
  /** Runs that did not finish, the newest first. */
  readonly brokenRuns: readonly BrokenRun[];
  readonly promises: readonly PromiseHistory[];
}

export interface HistoryOptions {
  /** Number of runs to read, from the last one. */
  readonly runs: number;
  /** Empty for all. */
  readonly contracts: readonly string[];
}

/** Reads the last runs of a ledger from its last entry, and the promises as the last run stated them. */
export async function historyOf(
  newestFirst: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  { runs, contracts }: HistoryOptions,
): Promise<History> {
  const collector = new HistoryCollector(contracts);
  let isCut = false;
  for await (const { body } of newestFirst) {
    // Entries by people are not older runs.
    isCut = collector.runs === runs && isOfRun(body);
    if (isCut) break;
    collector.add(body);
  }
  return collector.history(isCut);
}

const isOfRun = ({ kind }: LedgerEntry['body']): boolean =>
  kind === 'run-started' || kind === 'drill' || kind === 'run-finished' || kind === 'run-killed';

type Body<Kind extends LedgerEntry['body']['kind']> = Extract<LedgerEntry['body'], { kind: Kind }>;
type Ending = Body<'run-finished' | 'run-killed'>;

interface Draft {
  readonly contract: string;
  readonly disaster: string;
  readonly owner: string;
  isPromised: boolean;
  /** Sorted from the newest. */
  readonly points: HistoryPoint[];
}

/** A point whose commit stays unknown until the beginning of its run is read. */
type OpenPoint = HistoryPoint & { commit: string | null };

class HistoryCollector {
  runs = 0;
  readonly #contracts: readonly string[];
  readonly #drafts = new Map<string, Draft>();
  readonly #brokenRuns: BrokenRun[] = [];
  /** Runs whose beginning was not read yet. */
  readonly #open = new Map<string, { readonly ending: RunEnding; readonly checked: readonly OpenPoint[] }>();

  /** @param contracts empty for all. */
  constructor(contracts: readonly string[]) {
    this.#contracts = contracts;
  }

  /** Adds an entry; entries come in order from the last one. */
  add(body: LedgerEntry['body']): void {
    if (body.kind === 'run-started') this.#started(body);
    else if (body.kind === 'run-finished' || body.kind === 'run-killed') this.#ended(body);
    else if (body.kind === 'drill' && this.#isWanted(body.record.contract.name)) {
      const { name, owner } = body.record.contract;
      this.#draftOf(name, body.record.disaster.name, owner).points.push(pointOf(body));
    }
  }

  history(isCut: boolean): History {
    const promises = [...this.#drafts.values()]
      .toSorted((a, b) => compareText(a.contract, b.contract) || compareText(a.disaster, b.disaster))
      .map((draft) => promiseHistory(draft, isCut));
    return { runs: this.runs, isCut, brokenRuns: this.#brokenRuns, promises };
  }

  #started({ runId, at: began, commit, promises }: Body<'run-started'>): void {
    this.runs += 1;
    const { ending, checked } = this.#open.get(runId) ?? { ending: 'unknown', checked: [] };
    this.#open.delete(runId);
    if (ending !== 'finished') this.#brokenRuns.push({ runId, began, ending });
    for (const point of checked) point.commit = commit;
    if (this.runs > 1) return;
    for (const promise of promises.filter(({ contract }) => this.#isWanted(contract))) {
      for (const place of placesOf(promise)) this.#draftOf(promise.contract, place, promise.owner).isPromised = true;
    }
  }

  #ended(body: Ending): void {
    const checked: OpenPoint[] = [];
    for (const posture of body.run.postures ?? []) {
      const { name, owner } = posture.contract;
      if (!this.#isWanted(name)) continue;
      const point = posturePoint(posture, body);
      this.#draftOf(name, POSTURE, owner).points.push(point);
      checked.push(point);
    }
    this.#open.set(body.runId, { ending: endingOf(body.run, body.kind === 'run-killed'), checked });
  }

  #isWanted(contract: string): boolean {
    return this.#contracts.length === 0 || this.#contracts.includes(contract);
  }

  #draftOf(contract: string, disaster: string, owner: string): Draft {
    const key = promiseKey(contract, disaster);
    const draft = this.#drafts.get(key) ?? { contract, disaster, owner, isPromised: false, points: [] };
    this.#drafts.set(key, draft);
    return draft;
  }
}

function pointOf({ record, measurementVersion, runId, at }: Body<'drill'>): HistoryPoint {
  const { ended, verdict, figures } = drillGroup(record, NO_WAIVERS);
  const { target, commit } = record.environment;
  return { at: ended ?? at, verdict, figures, target, commit, measurementVersion, runId, drillId: record.drillId };
}

/** Returns a point. Its commit is that of the run, whose beginning is read later. */
function posturePoint(record: PostureRecord, { runId, run }: Ending): OpenPoint {
  const { verdict, figures } = postureGroup(record, NO_WAIVERS);
  const unknown = { commit: null, measurementVersion: null, drillId: null };
  return { at: record.at, verdict, figures, target: run.target, runId, ...unknown };
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
 * Returns the recovery times that are comparable with the last one: those of the same target and measurement version. Undefined for a
 * drill whose time is unknown or only a lower bound.
 */
export function comparableTimes({ points }: PromiseHistory): readonly (number | undefined)[] {
  const last = points.at(-1);
  return points
    .filter((each) => each.target === last?.target && each.measurementVersion === last.measurementVersion)
    .map(({ figures }) => (figures.rtaMs === null || figures.rtaIsLowerBound ? undefined : figures.rtaMs));
}
