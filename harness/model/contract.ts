import type { AssetKind } from './asset.ts';
import type { AuditNotes } from './audit.ts';
import type { Procedure } from './procedure.ts';
import type { RenderManifests } from './rendering.ts';

export const priorities = ['P0', 'P1', 'P2', 'P3', 'P4'] as const;
export type Priority = (typeof priorities)[number];

/** Whose rules a schedule is read by: robfig/cron (Kubernetes and Velero), Vixie cron (Debian, cronie), or systemd's OnCalendar. */
export const schedulers = ['kubernetes', 'vixie', 'systemd'] as const;
export type Scheduler = (typeof schedulers)[number];

/**
 * What happens when a run is due and the one before has not ended: both run, the new one waits for it, the old one is ended, or
 * the new one is left out.
 */
export const concurrencies = ['Allow', 'Forbid', 'Replace', 'Skip'] as const;
export type Concurrency = (typeof concurrencies)[number];

/** How a scheduler starts and ends the runs of one schedule, as the object that holds it says. */
export interface RunPolicy {
  readonly concurrency: Concurrency;
  /** A run is ended after this much time. */
  readonly deadlineMs?: number | undefined;
  /** The field that says so. */
  readonly deadlineField?: string | undefined;
  /** A start that is later than this is left out. */
  readonly startDeadlineMs?: number | undefined;
  /** How often a failed run is tried again. */
  readonly retries?: number | undefined;
}

/** Why no backup is ever taken by a schedule. */
export interface IdleSchedule {
  /** The field, what it says and what that means: `it is suspended (spec.suspend: true)`. */
  readonly reason: string;
  /** An identifier of docs/causes.md. */
  readonly cause: string;
}

/** A cron schedule with the time zone in which it is read. */
export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
  /** By whose rules `cron` is read; by those of Kubernetes when left out. */
  readonly scheduler?: Scheduler | undefined;
  /** The object of the platform that holds it, e.g. `CronJob ops/backup in ops/all.yaml`; undefined when the contract itself states it. */
  readonly heldBy?: string | undefined;
  /** In a record: that object was not read, so `cron` says nothing. */
  readonly unread?: true | undefined;
  /** Why that object never takes a backup, with the field that says so. */
  readonly idle?: IdleSchedule | undefined;
  readonly runs?: RunPolicy | undefined;
  /** How long a recovery point is kept, where the same object says it. */
  readonly keptMs?: number | undefined;
  /**
   * There while the object that holds it has not been read, which happens when a run is prepared: `cron` is empty until then.
   * @throws {ContractMistakeError} when the manifests do not hold that object.
   */
  readonly read?: ((render: RenderManifests) => Promise<HeldSchedule>) | undefined;
}

/** A schedule of an object of the platform. */
export interface HeldSchedule extends Schedule {
  readonly heldBy: string;
}

/** How a failure is noticed: so many failed checks, so far apart. Costs `failures × everyMs` of every RTO. */
export interface DetectionPolicy {
  readonly failures: number;
  readonly everyMs: number;
}

/** What no drill can find out and an operator must know. */
export interface RunbookNotes {
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
