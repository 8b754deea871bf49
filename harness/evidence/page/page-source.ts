import type { DrillRecord } from '../../model/record.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { PromiseFacts } from '../entry.ts';
import type { TimedDrill } from '../gate/regression.ts';

// The data of a report page. All except the run's record may be missing.

export interface PageSource {
  readonly run: RunRecord;
  /** Earlier drills, in any order. Those of this run are ignored. */
  readonly past: readonly PastDrill[];
  /** The ledger's data on this run; missing if the ledger was not read. */
  readonly ledger?: PageLedger | undefined;
  readonly gate?: PageGate | undefined;
  /** Why there is no gate decision although the project has a policy. */
  readonly whyNoGate?: string | undefined;
  readonly places?: PagePlaces | undefined;
}

/** Data from the ledger, apart from earlier drills. */
export interface PageLedger {
  /** For a reader: a path, or `s3://bucket/prefix`. */
  readonly at: string;
  /** Options of `dr-contracts verify` that name this ledger; empty where the configuration does. */
  readonly option: string;
  /** Every promise of the project when the run began; null if the ledger lacks the beginning of the run. */
  readonly promised: readonly Pick<PromiseFacts, 'contract' | 'owner' | 'priority' | 'disasters'>[] | null;
  /** The run's entries that were read; null if none was found. */
  readonly entries: {
    readonly first: number;
    readonly last: number;
    readonly count: number;
    /** Number of entries without a signature. */
    readonly unsigned: number;
    /** Identities of the keys that the others name. Their signatures were not checked. */
    readonly keyIds: readonly string[];
    /** The drills that have an entry. */
    readonly drillIds: readonly string[];
  } | null;
  /** True where older drills were not read. */
  readonly isCut: boolean;
  /** A sentence on the unread entries and the reason; null if all were read. */
  readonly problem: string | null;
}

/** The data of an earlier run's drill that the page needs. */
export interface PastDrill extends TimedDrill {
  readonly drillId: string;
  readonly runId: string;
  readonly measurementVersion: number;
  readonly contract: Pick<DrillRecord['contract'], 'name' | 'rtoMs'>;
  readonly moments: { readonly began: { readonly utc: string } };
  readonly judgement: {
    readonly verdict: NonNullable<DrillRecord['judgement']>['verdict'];
    readonly rta: { readonly valueMs: number } | null;
  } | null;
}

/** The parts of a gate's decision that the page shows. */
export interface PageGate {
  readonly decision: 'pass' | 'block';
  readonly exitCode: number;
  /** The time for which the gate decided. */
  readonly at: string;
  readonly commit: string | null;
  readonly problems: readonly PageProblem[];
  /** The sources of policy and waivers. */
  readonly sources: { readonly policy: string; readonly waivers: string };
  readonly promises: readonly {
    readonly contract: string;
    readonly owner: string;
    readonly outcome: 'passed' | 'waived' | 'blocked';
    readonly problems: readonly PageProblem[];
    readonly waived: readonly {
      readonly problem: PageProblem;
      readonly reason: string;
      readonly owner: string;
      readonly approver: string;
      readonly expires: string;
    }[];
    readonly proofs: readonly {
      readonly disaster: string | null;
      /** The drill that the gate judged; null for posture checks. It may differ from the drill on the page. */
      readonly drillId: string | null;
      readonly regression: { readonly state: string; readonly sentence: string } | null;
    }[];
  }[];
  readonly waivers: readonly {
    readonly contract: string;
    readonly finding: string;
    readonly expires: string;
    readonly owner: string;
    readonly state: string;
    readonly isEndingSoon: boolean;
  }[];
}

export interface PageProblem {
  readonly kind: string;
  readonly contract: string | null;
  readonly disaster: string | null;
  readonly sentence: string;
  readonly nextStep: string;
}

/** Paths of files, relative to the page. */
export interface PagePlaces {
  readonly runFile?: { readonly label: string; readonly href: string; readonly digest: string };
  /** Records of the drills, by drill id. */
  readonly drillFiles?: ReadonlyMap<string, { readonly label: string; readonly href: string; readonly digest: string }>;
  readonly runbook?: { readonly label: string; readonly href: string };
}
