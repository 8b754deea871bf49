import type { RenderManifests } from './rendering.ts';

/**
 * Schedulers whose rules decide how a schedule is read: robfig/cron (Kubernetes and Velero), Vixie cron (Debian, cronie), systemd's
 * OnCalendar.
 */
export const schedulers = ['kubernetes', 'vixie', 'systemd'] as const;
type Scheduler = (typeof schedulers)[number];

/**
 * Policies for a run that is due before the previous one has ended: both run, the new run waits, the old run is ended, or the new run is
 * left out.
 */
export const concurrencies = ['Allow', 'Forbid', 'Replace', 'Skip'] as const;
type Concurrency = (typeof concurrencies)[number];

/** Rules by which a scheduler starts and ends the runs of one schedule, read from the object that holds it. */
export interface RunPolicy {
  readonly concurrency: Concurrency;
  /** Time after which a run is ended. */
  readonly deadlineMs?: number | undefined;
  /** Field that sets the deadline. */
  readonly deadlineField?: string | undefined;
  /** Longest delay of a start. A later start is left out. */
  readonly startDeadlineMs?: number | undefined;
  /** Number of retries of a failed run. */
  readonly retries?: number | undefined;
}

/** Reason why a schedule never takes a backup. */
export interface IdleSchedule {
  /** The field, its value and its meaning: `it is suspended (spec.suspend: true)`. */
  readonly reason: string;
  /** An identifier of docs/causes.md. */
  readonly cause: string;
}

/** A cron schedule with its time zone. */
export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
  /** Scheduler whose rules apply to `cron`; Kubernetes when left out. */
  readonly scheduler?: Scheduler | undefined;
  /** The object of the platform that holds it, e.g. `CronJob ops/backup in ops/all.yaml`; undefined when the contract itself states it. */
  readonly heldBy?: string | undefined;
  /** Set in a record when that object was not read. `cron` then means nothing. */
  readonly unread?: true | undefined;
  /** Why that object never takes a backup, with the field that says so. */
  readonly idle?: IdleSchedule | undefined;
  readonly runs?: RunPolicy | undefined;
  /** Time for which a recovery point is kept, if the same object says it. */
  readonly keptMs?: number | undefined;
  /**
   * Reads the object that holds the schedule. Present until a run is prepared; `cron` is empty until then.
   * @throws {ContractMistakeError} when the manifests do not hold that object.
   */
  readonly read?: ((render: RenderManifests) => Promise<HeldSchedule>) | undefined;
}

/** A schedule of an object of the platform. */
export interface HeldSchedule extends Schedule {
  readonly heldBy: string;
}

/** A schedule, read from the live object. */
export interface LiveSchedule {
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
  /** Why it takes no backup although it exists and is not paused; null when there is no known reason. */
  readonly problem: string | null;
  readonly runs?: RunPolicy | undefined;
}
