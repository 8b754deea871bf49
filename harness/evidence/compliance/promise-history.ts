import type { DrillRecord, Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { worstOf } from '../../verdict/judge.ts';
import { MEASUREMENT_VERSION, missingRuns, oldestProofMs, type PromiseFacts } from '../entry.ts';
import type { EvidenceKind } from './catalogue-schema.ts';
import { DistributionCollector } from './distribution.ts';
import type { Period } from './period-results.ts';
import type { PlaceInLedger, PromiseLine, SupportLine, VerdictCounts } from './report-schema.ts';

interface Support {
  supporting: number;
  others: number;
  first: PlaceInLedger | null;
  last: PlaceInLedger | null;
  longestGapMs: number | null;
  /** Time of the last proof of that kind, including proofs before the period. */
  lastMs: number | null;
}

/** The results of one promise, collected while a ledger is read. Memory grows only by eight bytes per figure. */
export class PromiseHistory {
  readonly contract: string;
  readonly disaster: string | null;
  readonly #period: Period;
  readonly counts: VerdictCounts = noDrills();
  readonly #support = new Map<EvidenceKind, Support>();
  readonly #rta = new DistributionCollector();
  readonly #rpa = new DistributionCollector();
  #facts: Pick<PromiseFacts, 'owner' | 'priority' | 'controls' | 'cadenceMs' | 'audit'> = {
    owner: '',
    priority: '',
    controls: [],
    cadenceMs: null,
  };
  /** Maps a target to its last verdict of the period: a drill on one target does not clear a breach on another one. */
  readonly #last = new Map<string, { readonly verdict: Verdict; readonly atMs: number }>();
  #lastProof: PlaceInLedger | null = null;
  /** From its last drill. */
  #keepsNoData = false;
  #missedRuns = 0;
  /** Start of the cadence for the next scheduled run: the last proof, or the first statement of the promise. */
  #dueSinceMs: number | null = null;
  isStated = false;
  /** True if the project stated or drilled the promise at any time of the period. */
  isOfPeriod = false;

  constructor(contract: string, disaster: string | null, period: Period) {
    this.contract = contract;
    this.disaster = disaster;
    this.#period = period;
  }

  get name(): string {
    return this.disaster === null ? this.contract : `${this.contract}: ${this.disaster}`;
  }

  get owner(): string {
    return this.#facts.owner;
  }

  stated(facts: PromiseFacts, atMs: number): void {
    const { owner, priority, controls, cadenceMs, audit } = facts;
    // A newly stated promise is due one cadence from now.
    if (!this.isStated) this.#dueSinceMs = Math.max(atMs, this.#dueSinceMs ?? atMs);
    this.#facts = { owner, priority, controls, cadenceMs, audit };
    this.isStated = true;
  }

  /** Records a promise from a drill record, if the ledger lacks the beginning of the run. */
  known(facts: Omit<PromiseFacts, 'file' | 'inputs' | 'contract' | 'disasters'>): void {
    if (this.#facts.owner === '') this.#facts = facts;
  }

  withdrawn(): void {
    this.isStated = false;
  }

  /** Records the verdict of a drill or of posture checks. */
  judged(verdict: Verdict, evidence: ReadonlyMap<EvidenceKind, boolean>, place: PlaceInLedger): void {
    const atMs = Date.parse(place.at);
    const isInPeriod = atMs >= this.#period.fromMs;
    if (isInPeriod) {
      this.isOfPeriod = true;
      // An older drill, appended late, does not replace a newer one.
      if (atMs >= (this.#last.get(place.target)?.atMs ?? atMs)) this.#last.set(place.target, { verdict, atMs });
      this.counts[countOf(verdict)] += 1;
    }
    this.#ran(atMs, isInPeriod);
    if (isKept(verdict) && atMs >= Date.parse(this.#lastProof?.at ?? place.at)) this.#lastProof = place;
    for (const [kind, isShown] of evidence) this.#shows(kind, isShown, place, atMs, isInPeriod);
  }

  timed({ judgement, contract }: DrillRecord, measurementVersion: number, at: string): void {
    if (Date.parse(at) < this.#period.fromMs) return;
    this.#keepsNoData = contract.rpoMs === null;
    const isComparable = measurementVersion === MEASUREMENT_VERSION;
    const figures = [
      [this.#rta, judgement?.rta, contract.rtoMs],
      [this.#rpa, judgement?.rpa, contract.rpoMs],
    ] as const;
    for (const [collector, value, objectiveMs] of figures) {
      if (value == null || objectiveMs === null) continue;
      if (isComparable) collector.add(value, objectiveMs);
      else collector.leaveOut();
    }
  }

  #ran(atMs: number, isInPeriod: boolean): void {
    const { cadenceMs } = this.#facts;
    if (cadenceMs !== null && this.#dueSinceMs !== null && isInPeriod) {
      this.#missedRuns += missingRuns(atMs - this.#dueSinceMs, cadenceMs, true);
    }
    this.#dueSinceMs = atMs;
  }

  #shows(kind: EvidenceKind, isShown: boolean, place: PlaceInLedger, atMs: number, isInPeriod: boolean): void {
    const support = this.#support.get(kind) ?? noSupport();
    this.#support.set(kind, support);
    if (!isShown) {
      if (isInPeriod) support.others += 1;
      return;
    }
    if (isInPeriod) {
      const sinceMs = support.lastMs ?? this.#period.fromMs;
      support.longestGapMs = Math.max(support.longestGapMs ?? 0, atMs - sinceMs);
      support.supporting += 1;
      support.first ??= place;
      support.last = place;
    }
    support.lastMs = atMs;
  }

  /** Returns the report's line on the promise. */
  line(): PromiseLine {
    const { cadenceMs } = this.#facts;
    const { toMs } = this.#period;
    const isDue = cadenceMs !== null && this.#dueSinceMs !== null && this.isStated;
    const missedAtEnd = isDue ? missingRuns(toMs - (this.#dueSinceMs ?? toMs), cadenceMs, false) : 0;
    return {
      contract: this.contract,
      disaster: this.disaster,
      ...this.#facts,
      controls: [...this.#facts.controls],
      audit: this.#facts.audit ?? null,
      isWithdrawn: !this.isStated,
      state: this.#last.size === 0 ? 'missed' : worstOf([...this.#last.values()].map(({ verdict }) => verdict)),
      drills: this.counts,
      missedRuns: this.#missedRuns + missedAtEnd,
      lastProof: this.#lastProof,
      lastProofAgeMs: this.#lastProof === null ? null : Math.max(0, toMs - Date.parse(this.#lastProof.at)),
      nextDue: isDue ? new Date((this.#dueSinceMs ?? toMs) + oldestProofMs(cadenceMs)).toISOString() : null,
      rta: this.#rta.result(),
      rpa: this.#rpa.result(),
      keepsNoData: this.#keepsNoData,
    };
  }

  /** Returns the promise's contribution to a kind of evidence; undefined if that kind does not apply. */
  support(kind: EvidenceKind): SupportLine | undefined {
    const support = this.#support.get(kind) ?? (this.#isOwed(kind) ? noSupport() : undefined);
    if (support === undefined) return undefined;
    const { lastMs, longestGapMs, ...rest } = support;
    const openGapMs = lastMs === null ? null : Math.max(0, this.#period.toMs - lastMs);
    return {
      contract: this.contract,
      disaster: this.disaster,
      ...rest,
      longestGapMs: openGapMs === null ? null : Math.max(longestGapMs ?? 0, openGapMs),
    };
  }

  /** Returns whether every drill, or every posture contract, must show this kind: a promise that never ran lacks it. */
  #isOwed(kind: EvidenceKind): boolean {
    if (this.disaster === null) return kind === 'posture';
    return kind === 'recovery' || kind === 'content' || kind === 'objectives';
  }
}

const noSupport = (): Support => ({
  supporting: 0,
  others: 0,
  first: null,
  last: null,
  longestGapMs: null,
  lastMs: null,
});

export const noDrills = (): VerdictCounts => ({ met: 0, atRisk: 0, breached: 0, unproven: 0 });

export const countOf = (verdict: Verdict): keyof VerdictCounts => (verdict === 'at-risk' ? 'atRisk' : verdict);
