import type { Moment } from '../clock/clock.ts';
import type { Access } from './access.ts';
import type { Replica } from './asset.ts';
import type { RestorePhaseName } from './record-parts.ts';
import type { RenderManifests } from './rendering.ts';
import type { Schedule } from './schedule.ts';
import type { Capability } from './service.ts';
import type { Step } from './step.ts';
import type { Target } from './target.ts';

/** Input of a procedure for one backup. */
export interface ProcedureContext {
  readonly target: Target;
  readonly drillId: string;
  /** Variables of the asset. They may hold credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** Meanings of the variables for an operator, by name. */
  readonly meanings?: Readonly<Record<string, string>>;
  readonly step: Step;
  /** The asset's live replica, if it has one. */
  readonly replica?: Replica;
  /** For a second backup: the recovery point that the first backup of this drill left in the same place. */
  readonly earlier?: RecoveryPoint;
}

/** Input of a procedure for one restore. */
export interface RestoreContext extends ProcedureContext {
  readonly disasterBegan: Moment;
  /** True when the recovery point is not the newest one. The restore must not bring back later writes. */
  readonly isEarlier?: boolean;
  /** The time that production may wait until the place of this restore knows the backup. Left out if it knows it already. */
  readonly backupWait?: BackupWait;
  /**
   * Runs a part of the restore as a phase of its own, which the engine times. All other work is the phase `restore`. The procedure names
   * each of its phases in `phases`. Left out when no phases are timed.
   */
  readonly phase?: <T>(name: RestorePhaseName, work: () => Promise<T>) => Promise<T>;
}

/** Work after a failover, outside of RTA: the lost place comes back, follows, and is put in charge again. */
export interface FailBack {
  /** Runs before the servers of the lost place start again. The platform can keep users out of it here. */
  beforeReturn(context: ProcedureContext): Promise<RestoreReport>;
  /** Makes the place that came back a replica of the one in charge. */
  rejoin(context: ProcedureContext): Promise<RestoreReport>;
  /** Puts it in charge again, and the other one back to following it. */
  failBack(context: ProcedureContext): Promise<RestoreReport>;
}

/** Files that a backup left on its machine. A restore runs on another machine. */
export interface BackupMachine {
  /** Paths that production keeps, as the contract's `keeps` says. The restore gets those that existed. */
  readonly kept: { readonly path: string; readonly there: boolean }[];
  /** The first of the files outside its volumes. They are lost with the machine. */
  readonly left: { readonly path: string; readonly sizeBytes: number }[];
  /** Number of all those files. */
  readonly leftFiles: number;
}

/** A part of the asset that the backup's own definition leaves out. */
export interface LeftOut {
  /** Kind, as comparisons name it. */
  readonly kind: string;
  /** Name of the item; all of that kind when left out. */
  readonly name?: string | undefined;
  /** The field of the platform's file, and its value. */
  readonly because: string;
}

/** One restorable backup, as the harness observed it (not as the procedure claims it). */
export interface RecoveryPoint {
  readonly id: string;
  /** Location, e.g. `s3://bucket/nats/…`. */
  readonly location: string;
  readonly captureBegan: Moment;
  readonly durable: Moment;
  readonly objects: number;
  readonly sizeBytes: number;
  /** `sha256:…` over the content at the location, or why there is none. */
  readonly digest: string;
  readonly encryption: string;
  readonly immutability: string;
  /** Set when some of it has to be thawed before it can be read. */
  readonly archived?: { readonly storageClass: string; readonly thawMs: number };
  /** Parts of the asset that the definition of the backup leaves out, if the procedure knows them. */
  readonly leftOut?: LeftOut[];
  /** The procedure's own report about the run, for the record. It proves nothing. */
  readonly claimed: string;
  /** For a second backup: why the earlier recovery point cannot be restored any more. Left out if it can. */
  readonly replacesEarlier?: string;
  /** Files that the backup wrote on its own machine, if the harness can read that machine. */
  readonly machine?: BackupMachine;
  /** Schedule of the copy, if the restore reads a copy of the first place. */
  readonly copiedOn?: Schedule;
}

/** Report of a restore. */
export interface RestoreReport {
  /** The procedure's own result, e.g. `Completed`. It proves nothing. */
  readonly claimed: string;
  readonly warnings: readonly string[];
  /**
   * The commands as they were run, without secrets. The runbook uses the steps that `performing` reports, or these commands if there are
   * none.
   */
  readonly commands: readonly string[];
}

/** The real procedure under test: takes backups and restores them. */
export interface Procedure<Used extends string = string> {
  readonly description: string;
  /** Ways by which it brings an asset back; the environment that an asset gives to programs when left out. */
  readonly protects?: readonly Access<Used>[];
  /** Capabilities of the target that the procedure needs, in addition to the asset's. */
  readonly needs: readonly Capability[];
  /**
   * Paths of files and folders that it reads, runs or applies, relative to the platform's folder: scripts, manifests, folders of images. A
   * proof holds until one of them changes. Quoted paths in the contract file are found without this list.
   */
  readonly reads?: readonly string[];
  /** Optional capabilities: it uses them on targets that have them. */
  readonly prefers?: readonly Capability[];
  /**
   * `continuous` when every acknowledged write is its own recovery point (versioning). `mirror` when a live replica follows at a distance;
   * the exposure is then the worst observed lag.
   */
  readonly schedule: Schedule | 'continuous' | 'mirror';
  /** True for a continuous procedure that can restore the moment of an older recovery point. */
  readonly restoresEarlierMoments?: boolean;
  /**
   * Schedule that copies its recovery points to another region, if there is one. It counts only in a disaster that takes the first place.
   */
  readonly copiedOn?: Schedule;
  /**
   * How another place learns of the backups. Left out when a restore reads the backup directly. In disasters that restore in another place,
   * the restore waits for it in the phase `backup-sync`.
   */
  readonly backupSync?: BackupSync;
  /**
   * Checks the things outside the contract that the contract names, such as scripts, before anything starts.
   * @throws {ContractMistakeError} for the first thing that is missing or unusable.
   */
  check?(): Promise<void>;
  /**
   * Reads the manifests that it names and returns the procedure that they describe. Present only until then. A run calls it; commands that
   * only list contracts do not.
   * @throws {ContractMistakeError} for a mistake in the contract or in its manifests.
   */
  prepared?(render: RenderManifests): Promise<Procedure>;
  /** Phases of its restore (`RestoreContext.phase`); none when left out. */
  readonly phases?: readonly RestorePhaseName[];
  /** Returns the differences between a run on this target and the procedure in production, for the record. */
  differencesFromProduction?(target: Pick<Target, 'name' | 'capabilities'>): readonly string[];
  /**
   * Runs one backup. Returns the recovery point that it then finds at the destination. A drill calls a procedure with a schedule twice, the
   * second time with `context.earlier`.
   * @throws when the procedure failed, or left nothing behind.
   */
  backup(context: ProcedureContext): Promise<RecoveryPoint>;
  /** Restores that recovery point. @throws when the procedure failed. */
  restore(recoveryPoint: RecoveryPoint, context: RestoreContext): Promise<RestoreReport>;
  /** Present in a procedure that moves the service to another place and back. */
  readonly failBack?: FailBack;
}

/** Time in which a place does not yet know a backup that is already in its bucket. A drill adds it to RTA and does not wait for it. */
export interface BackupWait {
  /** The longest wait in production; null if the place never learns of the backup. */
  readonly waitMs: number | null;
  /** The reason: the field and its value, or the default of the program. */
  readonly because: string;
}

/** Waits of a procedure whose restore reads a catalogue of backups. A program fills the catalogue from the bucket at intervals. */
export interface BackupSync {
  /** Wait in a place that was made after the disaster. */
  readonly inNewPlace: BackupWait;
  /** Wait in a place that ran beside the lost one all the time. */
  readonly inStandby: BackupWait;
}
