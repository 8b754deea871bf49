import type { PostureVerdict } from '../../model/posture.ts';
import type { FindingName, Verdict } from '../../model/record.ts';

// The content of the report page, as plain data. `view-model.ts` makes it from records; the sections and the charts render it.

/** A verdict, or the mark of a promise that is waived or was not drilled in this run. */
export type Mark = Verdict | 'waived' | 'not-run';

export interface PageView {
  readonly title: string;
  readonly runId: string;
  readonly decision: DecisionView;
  readonly needsHuman: readonly HumanItem[];
  readonly promises: readonly PromiseView[];
  /** Promises that this run did not drill. */
  readonly notDrilled: readonly NotDrilledView[];
  readonly postures: readonly PostureView[];
  readonly differences: readonly DifferenceView[];
  readonly provenance: ProvenanceView;
}

export interface DecisionView {
  readonly mark: Mark;
  /** A few words: "Every promise holds". */
  readonly headline: string;
  readonly sentence: string;
  readonly counts: readonly { readonly mark: Mark; readonly count: number; readonly what: string }[];
  /** Limits of the decision that a reader must know. */
  readonly doesNotProve: readonly string[];
  readonly exitCode: number;
  readonly decidedBy: 'gate' | 'run';
  /** The basis of the decision: policy, waivers, commit and time; null for a run's own result. */
  readonly basis: string | null;
}

/** An item that a person must act on. */
export interface HumanItem {
  readonly mark: Mark;
  readonly what: string;
  readonly sentence: string;
  readonly nextStep: string | null;
  readonly owner: string | null;
  /** Where on the page to read more: an id, without "#". */
  readonly anchor: string | null;
}

/** An objective with the measured or computed figure. */
export interface Against {
  readonly objectiveMs: number;
  readonly actualMs: number | null;
  readonly atLeast: boolean;
}

export interface PromiseView {
  readonly id: string;
  readonly contract: string;
  readonly disaster: string;
  readonly threat: string;
  readonly blastRadius: string;
  readonly asset: string;
  readonly priority: string;
  readonly owner: string;
  readonly controls: readonly string[];
  readonly mark: Mark;
  readonly sentence: string;
  readonly recovery: Against;
  /** The expected RTA at the production size; null if no such size is promised or the RTA is unknown. */
  readonly recoveryAtSizeMs: number | null;
  /** Null, like the exposure, where the asset keeps no data. */
  readonly loss: Against | null;
  readonly exposure: Against | null;
  readonly marginPercent: number | null;
  readonly since: string;
  /** The amount of compared content: "72 of 72 current objects, 6.9 MiB". */
  readonly basis: string;
  /** The most important thing that a kept promise does not prove; null when it is not kept. */
  readonly caveat: string | null;
  readonly repeatCommand: string;
  readonly runbook: LinkView;
  readonly record: (LinkView & { readonly digest: string | null }) | null;
  readonly findings: readonly FindingView[];
  readonly timeline: TimelineView;
  readonly losses: LossesView | null;
  readonly size: SizeView;
  readonly history: HistoryView;
  readonly comparison: ComparisonView | null;
  readonly notVerified: readonly string[];
  readonly outOfScope: readonly string[];
  readonly leftBehind: readonly string[];
}

interface LinkView {
  readonly label: string;
  readonly href: string | null;
}

export interface FindingView {
  readonly name: FindingName;
  readonly mark: Mark;
  readonly sentence: string;
  /** Null if the view makes no claim. */
  readonly doesNotProve: string | null;
}

export interface TimelineView {
  readonly objectiveMs: number;
  readonly totalMs: number;
  readonly atLeast: boolean;
  readonly phases: readonly {
    readonly name: string;
    readonly measuredMs: number;
    readonly addedMs: number;
    readonly outcome: string;
    readonly detail: string | null;
  }[];
  /** Stages of the drill itself, of which RTA is a part. */
  readonly stages: readonly { readonly name: string; readonly durationMs: number }[];
  /** Stages after RTA: the fail-back. */
  readonly afterwards: readonly { readonly name: string; readonly durationMs: number }[];
}

export interface LossesView {
  readonly rpoMs: number | null;
  /** All times are relative to the first acknowledged marker of all lanes. */
  readonly captureBeganMs: number | null;
  readonly cutOffMs: number;
  readonly lanes: readonly {
    readonly lane: string;
    readonly fromMs: number;
    readonly toMs: number;
    /** The last marker that came back before the first lost one; null when none was lost, or none came back before it. */
    readonly keptUntilMs: number | null;
    readonly acknowledged: number;
    readonly restored: number;
    readonly lost: number;
    readonly lostBeforeCapture: number;
    readonly faults: readonly string[];
  }[];
  readonly lanesLeftOut: number;
}

/** One straight line through the cost at several sizes, with the band in which a new measurement is expected. */
export interface SizeView {
  readonly productionSizeBytes: number | null;
  readonly points: readonly { readonly sizeBytes: number; readonly restoreMs: number }[];
  /** The result of the fit, or why there is none. */
  readonly sentence: string;
  readonly fit: {
    readonly curve: readonly {
      readonly sizeBytes: number;
      readonly expectedMs: number;
      readonly lowerMs: number;
      readonly upperMs: number;
    }[];
    readonly expectedMs: number;
    readonly upperMs: number;
    readonly rSquared: number;
  } | null;
}

export interface HistoryView {
  readonly objectiveMs: number;
  /** Sorted from the oldest; the last one is this run. */
  readonly runs: readonly {
    readonly runId: string;
    readonly utc: string;
    readonly mark: Mark;
    readonly rtaMs: number | null;
    /** The measured part, without budgets. */
    readonly measuredMs: number | null;
    readonly isThisRun: boolean;
  }[];
  readonly runsLeftOut: number;
  readonly sentences: readonly string[];
  /** True when the promise was kept in the run before and is not kept in this one. */
  readonly isWorse: boolean;
}

export interface ComparisonView {
  readonly items: readonly {
    readonly kind: string;
    readonly expected: number;
    readonly matched: number;
    readonly missing: number;
    readonly extra: number;
    readonly differing: number;
  }[];
  readonly bytes: number | null;
  readonly digest: string | null;
  readonly differences: readonly {
    readonly item: string;
    readonly field: string;
    readonly expected: string;
    readonly observed: string;
  }[];
  readonly differencesLeftOut: number;
}

export interface NotDrilledView {
  readonly contract: string;
  readonly disaster: string | null;
  /** Null if only earlier drills name it. */
  readonly owner: string | null;
  /** True if an earlier run drilled it and the project no longer states it. */
  readonly isWithdrawn: boolean;
  readonly reason: string;
  readonly last: { readonly mark: Mark; readonly utc: string; readonly runId: string; readonly target: string } | null;
  readonly repeatCommand: string;
}

export interface PostureView {
  readonly id: string;
  readonly contract: string;
  readonly owner: string;
  readonly repeatCommand: string;
  readonly checks: readonly {
    readonly id: string;
    readonly name: string;
    readonly verdict: PostureVerdict;
    readonly sentence: string;
    /** The halt of the roll-out: a short label, and a sentence with its owner and the next step. */
    readonly halts: { readonly label: string; readonly sentence: string } | null;
    readonly nextStep: string | null;
    readonly basis: string;
    readonly doesNotProve: string | null;
  }[];
}

export interface DifferenceView {
  readonly text: string;
  /** Promises in whose drills it held; empty when it held in all of them. */
  readonly contracts: readonly string[];
}

export interface ProvenanceView {
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly tools: readonly { readonly name: string; readonly version: string; readonly source: string }[];
  readonly runFile: (LinkView & { readonly digest: string | null }) | null;
  /** Commands, each with its purpose. */
  readonly verify: readonly { readonly command: string; readonly shows: string }[];
  /** Facts that this page cannot show. */
  readonly limits: readonly string[];
}
