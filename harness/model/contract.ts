import type { AssetKind } from './asset.ts';
import type { AuditNotes } from './audit.ts';
import type { Procedure } from './procedure.ts';

export const priorities = ['P0', 'P1', 'P2', 'P3', 'P4'] as const;
type Priority = (typeof priorities)[number];

/** How a failure is noticed: so many failed checks, so far apart. Costs `failures × everyMs` of every RTO. */
interface DetectionPolicy {
  readonly failures: number;
  readonly everyMs: number;
}

/** What no drill can find out and an operator must know. */
interface RunbookNotes {
  /** Who decides that the recovery begins; `decision` is their budget. */
  readonly decides?: string | undefined;
  /** What to do when a step fails, beyond what the step itself says. */
  readonly ifItFails?: string | undefined;
}

/** The newest recovery point is younger than `belowMs`; from `criticalMs` on the promise is broken. */
export interface FreshnessLevels {
  readonly belowMs: number;
  readonly criticalMs: number;
}

/** A validated promise: what `contract()` makes of what its author wrote. */
export interface Contract {
  readonly name: string;
  readonly asset: AssetKind;
  readonly rtoMs: number;
  /** Null where the asset keeps no data (`rpo: 'none'`): then no loss is promised and none is judged. */
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
  /** What still works until the recovery has ended, for the runbook. */
  readonly degraded?: string | undefined;
  readonly runbook?: RunbookNotes | undefined;
  /** Service level of the backup itself: how old the newest recovery point may become. */
  readonly freshness?: FreshnessLevels;
  /** How often the contract promises a proof; nothing is promised where it is left out. */
  readonly cadenceMs?: number;
  readonly audit?: AuditNotes;
  /** A digest of what its author handed to its parts, and of the files behind them; known once somebody read those. */
  readonly definition?: string;
  /** Where the contract was written, for messages. */
  readonly sourceFile: string | undefined;
}
