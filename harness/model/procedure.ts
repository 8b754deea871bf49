import type { Moment } from '../clock/clock.ts';
import type { Access } from './access.ts';
import type { Replica } from './asset.ts';
import type { RestorePhaseName } from './record-parts.ts';
import type { RenderManifests } from './rendering.ts';
import type { Schedule } from './schedule.ts';
import type { Capability } from './service.ts';
import type { Step } from './step.ts';
import type { Target } from './target.ts';

/** What a procedure is given for one backup. */
export interface ProcedureContext {
  readonly target: Target;
  readonly drillId: string;
  /** From the asset; may hold credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** What those variables mean to an operator, by name. */
  readonly meanings?: Readonly<Record<string, string>>;
  readonly step: Step;
  /** The asset's live replica, where it has one. */
  readonly replica?: Replica;
  /** Of a second backup: the recovery point that the first one left, of this drill and in the same place. */
  readonly earlier?: RecoveryPoint;
}

/** What a procedure is given for one restore. */
export interface RestoreContext extends ProcedureContext {
  readonly disasterBegan: Moment;
  /** True where the recovery point is not the newest one: what came after its moment is not wanted back. */
  readonly isEarlier?: boolean;
  /** How long production may wait until the place of this restore knows the backup; left out where it knows it already. */
  readonly backupWait?: BackupWait;
  /**
   * Runs a part of the restore as a phase of its own, timed by the engine; what lies outside of all of them is the phase
   * `restore`. The procedure names each of them in `phases`. Left out where no phases are timed.
   */
  readonly phase?: <T>(name: RestorePhaseName, work: () => Promise<T>) => Promise<T>;
}

/** What follows a failover, outside of RTA: the lost place comes back, follows, and is put in charge again. */
export interface FailBack {
  /** Runs before the servers of the lost place start again: the platform's chance to keep users out of it. */
  beforeReturn(context: ProcedureContext): Promise<RestoreReport>;
  /** Makes the place that came back a replica of the one in charge. */
  rejoin(context: ProcedureContext): Promise<RestoreReport>;
  /** Puts it in charge again, and the other one back to following it. */
  failBack(context: ProcedureContext): Promise<RestoreReport>;
}

/** What a backup left on the machine it ran on. A restore runs on another one. */
export interface BackupMachine {
  /** What the contract says production keeps (`keeps`); handed to the restore if it was there. */
  readonly kept: { readonly path: string; readonly there: boolean }[];
  /** Files outside its volumes, gone with the machine; the first of them. */
  readonly left: { readonly path: string; readonly sizeBytes: number }[];
  /** How many those were. */
  readonly leftFiles: number;
}

/** Something of the asset that a backup leaves out by its own definition. */
export interface LeftOut {
  /** As comparisons name it. */
  readonly kind: string;
  /** Which one; all of that kind when left out. */
  readonly name?: string | undefined;
  /** The field of the platform's file, and what it says. */
  readonly because: string;
}

/** One restorable backup, as the harness observed it (not as the procedure claims it). */
export interface RecoveryPoint {
  readonly id: string;
  /** Where it lies, e.g. `s3://bucket/nats/…`. */
  readonly location: string;
  readonly captureBegan: Moment;
  readonly durable: Moment;
  readonly objects: number;
  readonly sizeBytes: number;
  /** `sha256:…` over what lies there, or why there is none. */
  readonly digest: string;
  readonly encryption: string;
  readonly immutability: string;
  /** Where some of it has to be thawed before it can be read. */
  readonly archived?: { readonly storageClass: string; readonly thawMs: number };
  /** What of the asset the definition of the backup leaves out, where the procedure can tell. */
  readonly leftOut?: LeftOut[];
  /** What the procedure itself said about the run, for the record; proves nothing. */
  readonly claimed: string;
  /** Of a second backup: why the earlier recovery point cannot be restored any more. Left out where it can. */
  readonly replacesEarlier?: string;
  /** What became of what the backup wrote on its own machine, where it ran on one that the harness can look at. */
  readonly machine?: BackupMachine;
  /** The second schedule by which it came to lie there, where a copy of a first place is what is restored from. */
  readonly copiedOn?: Schedule;
}

/** What a restore said and did. */
export interface RestoreReport {
  /** What the procedure itself said, e.g. `Completed`; proves nothing. */
  readonly claimed: string;
  readonly warnings: readonly string[];
  /** The commands as they were run, secrets left out. The runbook is made of the steps told by `performing`, and of these where there are none. */
  readonly commands: readonly string[];
}

/** The real procedure under test: takes backups and restores them. */
export interface Procedure<Used extends string = string> {
  readonly description: string;
  /** The ways by which it brings an asset back; the environment that an asset gives to programs when left out. */
  readonly protects?: readonly Access<Used>[];
  /** What the procedure itself needs of the target, beside what the asset needs. */
  readonly needs: readonly Capability[];
  /**
   * Paths from the platform's folder of what it reads, runs or applies: scripts, manifests, folders of images. A proof holds until one of
   * them changes. Those that stand in the contract file between quotes are found without it.
   */
  readonly reads?: readonly string[];
  /** What it makes use of where the target has it, and does without elsewhere. */
  readonly prefers?: readonly Capability[];
  /**
   * `continuous` when every acknowledged write is its own recovery point (versioning); `mirror` when a live replica follows at
   * a distance, and the worst lag that was observed is the exposure.
   */
  readonly schedule: Schedule | 'continuous' | 'mirror';
  /** True for a continuous procedure that can go back to the moment of a recovery point that is not the newest one. */
  readonly restoresEarlierMoments?: boolean;
  /** By which its recovery points reach another region, where they do. It counts only in a disaster that takes the first place. */
  readonly copiedOn?: Schedule;
  /**
   * How a place that did not take the backups learns of them; left out where a restore reads the backup itself. The restore waits for
   * that as the phase `backup-sync`, in the disasters that restore in another place.
   */
  readonly backupSync?: BackupSync;
  /**
   * Looks, before anything is started, at what the contract names outside of itself, such as scripts.
   * @throws {ContractMistakeError} for the first thing that is not there or cannot be used.
   */
  check?(): Promise<void>;
  /**
   * There while the manifests that it names have not been read: makes the procedure that they describe. A run is prepared by it; what
   * only lists contracts does without.
   * @throws {ContractMistakeError} for a mistake in the contract or in its manifests.
   */
  prepared?(render: RenderManifests): Promise<Procedure>;
  /** The phases into which its restore is divided (`RestoreContext.phase`); none when left out. */
  readonly phases?: readonly RestorePhaseName[];
  /** In what a run on this target differs from what the procedure is in production, for the record. */
  differencesFromProduction?(target: Pick<Target, 'name' | 'capabilities'>): readonly string[];
  /**
   * Runs one backup. The recovery point is what was found afterwards at its destination. A procedure with a schedule is asked twice in a
   * drill, the second time with `context.earlier`.
   * @throws when the procedure failed, or left nothing behind.
   */
  backup(context: ProcedureContext): Promise<RecoveryPoint>;
  /** Restores that recovery point. @throws when the procedure failed. */
  restore(recoveryPoint: RecoveryPoint, context: RestoreContext): Promise<RestoreReport>;
  /** Only a procedure that moves the service elsewhere, and back. */
  readonly failBack?: FailBack;
}

/** How long a place may not know a backup that lies in its bucket already. A drill does not wait for it: it is added to RTA. */
export interface BackupWait {
  /** The longest wait in production; null where the place never learns of the backup. */
  readonly waitMs: number | null;
  /** What decides it: the field and its value, or the default of the program. */
  readonly because: string;
}

/** Of a procedure whose restore reads a catalogue of backups that a program fills from the bucket in intervals. */
export interface BackupSync {
  /** Where the restore runs in a place that was made after the disaster. */
  readonly inNewPlace: BackupWait;
  /** Where it runs in a place that ran all the time beside the lost one. */
  readonly inStandby: BackupWait;
}
