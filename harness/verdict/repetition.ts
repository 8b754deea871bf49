import type { AfterRun, PastResult, PastRun } from '../model/past-run.ts';
import type { PostureDifference, UndecidedItem } from '../model/posture.ts';
import { isKept } from '../model/record-parts.ts';
import { counted } from '../model/text.ts';
import { formatDuration } from '../model/units.ts';

// Finds repeated failures in the results of earlier runs, the newest run first.

/** Largest accepted difference between clocks of different machines. */
const CLOCK_SKEW_MS = 300_000;
/** Largest number of characters of the last sentence that a finding repeats. */
const LONGEST_SENTENCE = 160;

export interface RepetitionLimits {
  /** Number of consecutive runs with an unkept promise that breaks the limit. */
  readonly runs: number;
  /** Longest time for which a posture check may stay unmet. */
  readonly findingForMs: number;
}

export interface Repetition {
  /** Number of promises compared with the ledger: each disaster, and each check in the last run of its contract. */
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  readonly undecided: readonly UndecidedItem[];
  readonly notVerified: readonly string[];
  /** Description of the runs that were read, for the record. */
  readonly read: string;
  /** True if the ledger holds no earlier run, so nothing can have been repeated. */
  readonly isEmpty: boolean;
}

/** Failures of one promise on one target since it was last kept there, the newest first. */
interface Streak {
  readonly promise: string;
  readonly target: string;
  readonly isCheck: boolean;
  readonly last: PastResult;
  /** Failures with their time and the index of their run, from 0 for the newest. */
  readonly failures: { readonly run: number; readonly at: string; readonly isBreach: boolean }[];
  isOpen: boolean;
}

/** Finder of repeated failures. It takes the runs of a ledger, the newest first, and reports current promises that fail repeatedly. */
export class RepetitionFinder {
  readonly #limits: RepetitionLimits;
  readonly #nowMs: number;
  /** Promises, as the newest run stated them. */
  readonly #promised = new Map<string, { readonly isDrill: boolean }>();
  /** Checks by contract, as named in the newest run that made them. */
  readonly #checks = new Map<string, ReadonlySet<string>>();
  readonly #streaks = new Map<string, Streak>();
  /** Newest run in which each promise was kept, on any target. */
  readonly #kept = new Map<string, number>();
  readonly #seen = new Set<string>();
  #isStated = false;
  #runs = 0;
  #newest: string | undefined;
  #oldest: string | undefined;

  constructor(limits: RepetitionLimits, nowUtc: string) {
    this.#limits = limits;
    this.#nowMs = Date.parse(nowUtc);
  }

  /** Adds a run. The current run states the promises and has no results yet. */
  add(run: PastRun, isThisRun: boolean): AfterRun {
    if (!this.#isStated) this.#state(run);
    if (isThisRun) return 'read on';
    this.#newest ??= run.began;
    this.#oldest = run.began;
    const number = this.#runs;
    this.#runs += 1;
    this.#learnChecks(run);
    for (const result of run.results) if (this.#isPromised(result)) this.#addResult(result, run.target, number);
    return this.#needsMore(Date.parse(run.began)) ? 'read on' : 'enough';
  }

  /** @param isCut true if the ledger holds older runs that were not read. */
  result(isCut: boolean): Repetition {
    const streaks = [...this.#streaks.values()];
    const undecided = [
      ...this.#clockProblem(),
      ...(isCut ? streaks.filter((streak) => this.#isUnsettled(streak)).map(cutOff) : []),
    ];
    return {
      compared: [...this.#promised.values()].filter(({ isDrill }) => isDrill).length + this.#comparedChecks(),
      differences: streaks.flatMap((streak) => this.#differenceOf(streak) ?? []),
      undecided,
      notVerified: this.#notVerified(isCut),
      isEmpty: this.#runs === 0,
      read:
        this.#newest === undefined
          ? 'no earlier run'
          : `${counted(this.#runs, 'run')} before this one, the first of ${this.#oldest}, the last of ${this.#newest}`,
    };
  }

  #state({ promises }: PastRun): void {
    this.#isStated = true;
    for (const { contract, disasters } of promises) {
      if (disasters.length === 0) this.#promised.set(contract, { isDrill: false });
      for (const disaster of disasters) this.#promised.set(keyOf(contract, disaster), { isDrill: true });
    }
  }

  #learnChecks({ results }: PastRun): void {
    const byContract = Map.groupBy(
      results.filter(({ isCheck }) => isCheck),
      ({ contract }) => contract,
    );
    for (const [contract, checks] of byContract) {
      const names = checks.filter(({ isOfRepetition }) => !isOfRepetition).map(({ part }) => part);
      if (!this.#checks.has(contract)) this.#checks.set(contract, new Set(names));
    }
  }

  /** Returns true for a current promise. Withdrawn promises and removed checks do not count. */
  #isPromised({ contract, part, isCheck }: PastResult): boolean {
    if (!isCheck) return this.#promised.get(keyOf(contract, part))?.isDrill === true;
    return this.#promised.get(contract)?.isDrill === false && this.#checks.get(contract)?.has(part) === true;
  }

  #addResult(result: PastResult, target: string, run: number): void {
    const promise = keyOf(result.contract, result.part);
    const key = keyOf(promise, target);
    if (!result.isCheck) this.#seen.add(promise);
    const known = this.#streaks.get(key);
    if (isKept(result.verdict)) {
      if (!this.#kept.has(promise)) this.#kept.set(promise, run);
      if (known !== undefined) known.isOpen = false;
      else
        this.#streaks.set(key, { promise, target, isCheck: result.isCheck, last: result, failures: [], isOpen: false });
      return;
    }
    const failure = { run, at: result.at, isBreach: result.verdict === 'breached' };
    if (known === undefined) {
      const { isCheck } = result;
      this.#streaks.set(key, { promise, target, isCheck, last: result, failures: [failure], isOpen: true });
    } else if (known.isOpen && known.failures.at(-1)?.run !== run) known.failures.push(failure);
  }

  /**
   * Returns the failures that count. A target may lack something that a promise needs. The promise is then unproven there in every run, but
   * proved elsewhere. So a proof on another target ends a series of unproven results, but not a breach.
   */
  #counting({ promise, failures }: Streak): Streak['failures'] {
    const keptRun = this.#kept.get(promise);
    if (keptRun === undefined || failures.some(({ isBreach }) => isBreach)) return failures;
    return failures.filter(({ run }) => run < keptRun);
  }

  #differenceOf(streak: Streak): PostureDifference | undefined {
    const failures = this.#counting(streak);
    const oldest = failures.at(-1);
    if (oldest === undefined) return undefined;
    const { runs, findingForMs } = this.#limits;
    const openMs = this.#nowMs - Date.parse(oldest.at);
    const isRepeated = failures.length >= runs;
    const isOld = streak.isCheck && openMs > findingForMs;
    if (!isRepeated && !isOld) return undefined;
    const { last, target } = streak;
    const row = failures.length === 1 ? 'a failure' : `${failures.length} failures in a row`;
    const open = isOld ? ` for ${formatDuration(openMs)},` : '';
    return {
      item: `${last.contract} › ${last.part} on ${target}`,
      expected: `the promise to be kept ${isRepeated ? `at least once in ${runs} runs` : `again within ${formatDuration(findingForMs)}`}`,
      found: `${row}${open} since ${oldest.at}; in the last one it was ${last.verdict} (${shortened(last.sentence)})`,
      nextStep: `Find the cause, then prove that it is gone: \`npx dr-contracts drill --contract ${last.contract} --target ${target}\`.`,
      cause: isRepeated ? 'failed-repeatedly' : 'finding-too-old',
    };
  }

  /** Returns true while an older run could still change the result. */
  #isUnsettled(streak: Streak): boolean {
    return streak.isOpen && this.#counting(streak).length > 0 && this.#differenceOf(streak) === undefined;
  }

  #needsMore(beganMs: number): boolean {
    if (this.#runs < this.#limits.runs || beganMs >= this.#nowMs - this.#limits.findingForMs) return true;
    const isSeen = (promise: string) => this.#seen.has(promise) || this.#checks.has(promise);
    if ([...this.#promised.keys()].some((promise) => !isSeen(promise))) return true;
    return [...this.#streaks.values()].some((streak) => this.#isUnsettled(streak));
  }

  #comparedChecks(): number {
    const contracts = [...this.#promised].filter(([, { isDrill }]) => !isDrill);
    // The checks of a contract that never ran are unknown. It counts as one promise.
    return contracts.reduce((sum, [contract]) => sum + (this.#checks.get(contract)?.size ?? 1), 0);
  }

  #clockProblem(): UndecidedItem[] {
    const aheadMs = this.#newest === undefined ? 0 : Date.parse(this.#newest) - this.#nowMs;
    if (aheadMs <= CLOCK_SKEW_MS) return [];
    const reason = `it began at ${this.#newest}, which is ${formatDuration(aheadMs)} ahead of the clock of this machine; set the clock that is wrong`;
    return [{ item: 'the last run of the ledger', reason, cause: 'clock-off' }];
  }

  #notVerified(isCut: boolean): string[] {
    const { runs } = this.#limits;
    return [
      ...(this.#runs < runs
        ? [
            `whether anything fails in ${runs} runs in a row, because the ledger holds ${this.#runs === 0 ? 'no run' : counted(this.#runs, 'run')} before this one`,
          ]
        : []),
      ...(isCut ? [`the runs of the ledger before ${this.#oldest}`] : []),
    ];
  }
}

const keyOf = (contract: string, part: string): string => `${contract}\n${part}`;

const cutOff = ({ last, target, failures }: Streak): UndecidedItem => ({
  item: `${last.contract} › ${last.part} on ${target}`,
  reason: `the promise has not been kept since ${failures.at(-1)?.at} or earlier: older runs of the ledger were not read`,
});

/** Returns the first sentence, cut if it is long. */
function shortened(text: string): string {
  const [first = ''] = text.split(/(?<=[.!?]) /);
  const sentence = first.replace(/\.$/, '');
  return sentence.length <= LONGEST_SENTENCE ? sentence : `${sentence.slice(0, LONGEST_SENTENCE).trimEnd()}…`;
}
