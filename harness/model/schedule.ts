import type { RenderManifests } from './rendering.ts';

/** Whose rules a schedule is read by: robfig/cron (Kubernetes and Velero), Vixie cron (Debian, cronie), or systemd's OnCalendar. */
export const schedulers = ['kubernetes', 'vixie', 'systemd'] as const;
type Scheduler = (typeof schedulers)[number];

/**
 * What happens when a run is due and the one before has not ended: both run, the new one waits for it, the old one is ended, or
 * the new one is left out.
 */
export const concurrencies = ['Allow', 'Forbid', 'Replace', 'Skip'] as const;
type Concurrency = (typeof concurrencies)[number];

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

/** A schedule as the live object has it. */
export interface LiveSchedule {
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
  /** Why it takes no backup although it is there and not paused; null when nothing speaks against it. */
  readonly problem: string | null;
  readonly runs?: RunPolicy | undefined;
}
