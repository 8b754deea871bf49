import type { AssetKind } from './asset.ts';
import type { AuditNotes } from './audit.ts';
import type { Procedure } from './procedure.ts';

export const priorities = ['P0', 'P1', 'P2', 'P3', 'P4'] as const;
type Priority = (typeof priorities)[number];

/** Detection of a failure: this number of failed checks at this interval. It takes `failures × everyMs` of every RTO. */
interface DetectionPolicy {
  readonly failures: number;
  readonly everyMs: number;
}

/** Notes that an operator needs and no drill can find out. */
interface RunbookNotes {
  /** The person or team that decides to begin the recovery; `decision` is their budget. */
  readonly decides?: string | undefined;
  /** Instructions for a failed step, in addition to the step's own. */
  readonly ifItFails?: string | undefined;
}

/** Limits on the age of the newest recovery point. It should be below `belowMs`; from `criticalMs` on the promise is broken. */
export interface FreshnessLevels {
  readonly belowMs: number;
  readonly criticalMs: number;
}

/** A validated promise, as `contract()` returns it. */
export interface Contract {
  readonly name: string;
  readonly asset: AssetKind;
  readonly rtoMs: number;
  /** Null when the asset keeps no data (`rpo: 'none'`). The contract then promises nothing about loss, and no loss is judged. */
  readonly rpoMs: number | null;
  readonly priority: Priority;
  readonly owner: string;
  readonly controls: readonly string[];
  readonly protectedBy: Procedure;
  /** Names of the disasters, each one known to the asset. */
  readonly survives: readonly string[];
  readonly productionSizeBytes: number | undefined;
  readonly detection: DetectionPolicy | undefined;
  readonly decisionMs: number;
  /** Functions that still work until the recovery has ended, for the runbook. */
  readonly degraded?: string | undefined;
  readonly runbook?: RunbookNotes | undefined;
  /** Service level of the backup itself: the highest age of the newest recovery point. */
  readonly freshness?: FreshnessLevels;
  /** Interval at which the contract promises a proof. Without it the contract promises none. */
  readonly cadenceMs?: number;
  readonly audit?: AuditNotes;
  /** Digest of the options of its parts and of their files. Set once the files have been read. */
  readonly definition?: string;
  /** File in which the contract was written, for messages. */
  readonly sourceFile: string | undefined;
}
