import { isOverdue } from '../deviations.ts';
import type { DeficiencyLine, DeviationLine, PlaceInLedger } from './report-schema.ts';

/** A promise that breaks and recovers all the time must not fill the memory; what is beyond is counted. */
const MOST_DEFICIENCIES = 500;

/** What did not hold: a promise, or the run itself. */
export interface Subject {
  readonly what: string;
  readonly contract: string | null;
  readonly disaster: string | null;
  readonly owner: string | null;
  /** Of a run: the contracts that it was to run, sorted. Null for a promise. */
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
  /** Their entries. */
  readonly deviations: number[];
  worst: Failure['verdict'];
  lastSeen: PlaceInLedger;
  attempts: number;
  retest: PlaceInLedger | null;
}

/**
 * Follows what did not hold, from the drill that first showed it to the drill that showed that it holds again. An unproven drill never
 * closes anything.
 */
export class DeficiencyList {
  readonly #fromMs: number;
  readonly #open = new Map<string, Open>();
  readonly #closed: Open[] = [];
  /** Every deviation, by its entry: those before the period may be open in it. */
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

  /** A promise was kept. */
  held(subject: Subject, place: PlaceInLedger): void {
    this.#close(keyOf(subject, place), place);
  }

  /** A run came to its end. It closes the failure of each earlier run on its target whose contracts it ran. */
  ran(place: PlaceInLedger, covers: (contracts: readonly string[]) => boolean): void {
    for (const [key, { subject, lastSeen }] of this.#open) {
      if (subject.runs !== null && lastSeen.target === place.target && covers(subject.runs)) this.#close(key, place);
    }
  }

  #close(key: string, place: PlaceInLedger): void {
    const open = this.#open.get(key);
    // An older drill that was appended later is no retest.
    if (open === undefined || Date.parse(place.at) < Date.parse(open.lastSeen.at)) return;
    this.#open.delete(key);
    open.retest = place;
    // What was closed before the period is not of the period.
    if (Date.parse(place.at) < this.#fromMs) return;
    if (this.#closed.length < MOST_DEFICIENCIES) this.#closed.push(open);
    else this.#leftOut += 1;
  }

  /** Somebody wrote down a cause: it belongs to what is open, else to what was closed last. */
  deviated(deviation: DeviationLine): void {
    const isOfIt = ({ subject }: Open) =>
      subject.contract === deviation.contract &&
      (deviation.disaster === null || subject.disaster === deviation.disaster);
    const found = [...this.#open.values()].find(isOfIt) ?? this.#closed.findLast(isOfIt);
    this.#deviations.set(deviation.sequence, deviation);
    if (found !== undefined) found.deviations.push(deviation.sequence);
    else this.#unmatched.add(deviation.sequence);
  }

  /** Somebody closed a deviation, by a retest. One that was closed before the period is not of the period. */
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

/** A drill on one target retests nothing that broke on another one. */
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
