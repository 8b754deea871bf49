import { isOverdue } from '../deviations.ts';
import type { DeficiencyLine, DeviationLine, PlaceInLedger } from './report-schema.ts';

/** Maximum number of listed deficiencies; further ones are only counted. A flapping promise must not fill the memory. */
const MOST_DEFICIENCIES = 500;

/** The subject of a deficiency: a promise, or the run itself. */
export interface Subject {
  readonly what: string;
  readonly contract: string | null;
  readonly disaster: string | null;
  readonly owner: string | null;
  /** The sorted contracts that the run should drill; null for a promise. */
  readonly runs: readonly string[] | null;
}

export interface Failure {
  readonly verdict: 'breached' | 'unproven';
  readonly sentence: string;
  readonly findings: readonly string[];
}

interface Open {
  readonly subject: Subject;
  readonly first: Failure;
  readonly firstSeen: PlaceInLedger;
  /** Entry numbers of its deviations. */
  readonly deviations: number[];
  worst: Failure['verdict'];
  lastSeen: PlaceInLedger;
  attempts: number;
  retest: PlaceInLedger | null;
}

/**
 * Tracks each deficiency from the drill that first showed it to the drill that showed the promise kept again. An unproven drill never
 * closes a deficiency.
 */
export class DeficiencyList {
  readonly #fromMs: number;
  readonly #open = new Map<string, Open>();
  readonly #closed: Open[] = [];
  /** Every deviation, by its entry number. Those from before the period may still be open in it. */
  readonly #deviations = new Map<number, DeviationLine>();
  readonly #unmatched = new Set<number>();
  #leftOut = 0;

  constructor(fromMs: number) {
    this.#fromMs = fromMs;
  }

  failed(subject: Subject, failure: Failure, place: PlaceInLedger): void {
    const key = keyOf(subject, place);
    const open = this.#open.get(key);
    if (open === undefined) {
      this.#open.set(key, {
        subject,
        first: failure,
        firstSeen: place,
        deviations: [],
        worst: failure.verdict,
        lastSeen: place,
        attempts: 1,
        retest: null,
      });
      return;
    }
    if (failure.verdict === 'breached') open.worst = 'breached';
    open.lastSeen = place;
    open.attempts += 1;
  }

  /** Records that a promise was kept. */
  held(subject: Subject, place: PlaceInLedger): void {
    this.#close(keyOf(subject, place), place);
  }

  /** Records the end of a run. It closes the failure of each earlier run on its target whose contracts it ran. */
  ran(place: PlaceInLedger, covers: (contracts: readonly string[]) => boolean): void {
    for (const [key, { subject, lastSeen }] of this.#open) {
      if (subject.runs !== null && lastSeen.target === place.target && covers(subject.runs)) this.#close(key, place);
    }
  }

  #close(key: string, place: PlaceInLedger): void {
    const open = this.#open.get(key);
    // An older drill, appended late, is no retest.
    if (open === undefined || Date.parse(place.at) < Date.parse(open.lastSeen.at)) return;
    this.#open.delete(key);
    open.retest = place;
    // A deficiency that was closed before the period is not part of it.
    if (Date.parse(place.at) < this.#fromMs) return;
    if (this.#closed.length < MOST_DEFICIENCIES) this.#closed.push(open);
    else this.#leftOut += 1;
  }

  /** Records a deviation. It belongs to the open deficiency, or else to the last closed one. */
  deviated(deviation: DeviationLine): void {
    const isOfIt = ({ subject }: Open) =>
      subject.contract === deviation.contract &&
      (deviation.disaster === null || subject.disaster === deviation.disaster);
    const found = [...this.#open.values()].find(isOfIt) ?? this.#closed.findLast(isOfIt);
    this.#deviations.set(deviation.sequence, deviation);
    if (found !== undefined) found.deviations.push(deviation.sequence);
    else this.#unmatched.add(deviation.sequence);
  }

  /** Records that a retest closed a deviation. One that was closed before the period is not part of it. */
  closed(sequence: number, closed: NonNullable<DeviationLine['closed']>): void {
    const deviation = this.#deviations.get(sequence);
    if (deviation === undefined) return;
    this.#deviations.set(sequence, { ...deviation, closed });
    if (Date.parse(closed.at) < this.#fromMs) this.#unmatched.delete(sequence);
  }

  result(toMs: number): {
    readonly deficiencies: readonly DeficiencyLine[];
    readonly leftOut: number;
    readonly deviations: readonly DeviationLine[];
  } {
    const all = [...this.#open.values(), ...this.#closed].toSorted(
      (one, other) => one.firstSeen.sequence - other.firstSeen.sequence,
    );
    return {
      deficiencies: all.map((each, index) => ({
        ...lineOf(each, `D${index + 1}`, toMs),
        deviations: this.#told(each.deviations, toMs),
      })),
      leftOut: this.#leftOut,
      deviations: this.#told([...this.#unmatched], toMs),
    };
  }

  #told(sequences: readonly number[], toMs: number): DeviationLine[] {
    const today = new Date(toMs).toISOString();
    return sequences.flatMap((sequence) => {
      const deviation = this.#deviations.get(sequence);
      if (deviation === undefined) return [];
      return [{ ...deviation, isOverdue: deviation.closed === null && isOverdue(deviation, today) }];
    });
  }
}

/** Returns a key with the target, because a drill on one target retests nothing on another one. */
const keyOf = ({ contract, disaster, runs }: Subject, { target }: PlaceInLedger): string =>
  JSON.stringify([contract, disaster, target, runs]);

function lineOf(each: Open, id: string, toMs: number): Omit<DeficiencyLine, 'deviations'> {
  const { subject, first, worst, firstSeen, lastSeen, attempts, retest } = each;
  const endMs = retest === null ? toMs : Date.parse(retest.at);
  return {
    id,
    what: subject.what,
    contract: subject.contract,
    disaster: subject.disaster,
    owner: subject.owner,
    ofContracts: subject.runs === null ? null : [...subject.runs],
    target: firstSeen.target,
    worst,
    firstSeen,
    lastSeen,
    attempts,
    sentence: first.sentence,
    findings: [...first.findings],
    retest,
    openForMs: Math.max(0, endMs - Date.parse(firstSeen.at)),
  };
}
