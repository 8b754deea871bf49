import type { Moment } from '../clock/clock.ts';
import type { Schedule } from './contract.ts';
import type { Step } from './step.ts';
import type { Capability, Target } from './target.ts';

export interface ProcedureContext {
  readonly target: Target;
  readonly drillId: string;
  /** From the asset; may hold credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly step: Step;
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
  /** What the procedure itself said about the run, for the record; proves nothing. */
  readonly claimed: string;
}

export interface RestoreReport {
  /** What the procedure itself said, e.g. `Completed`; proves nothing. */
  readonly claimed: string;
  readonly warnings: readonly string[];
  /** The commands as they were run, secrets left out, for the runbook. */
  readonly commands: readonly string[];
}

/** The real procedure under test: takes backups and restores them. */
export interface Procedure {
  readonly description: string;
  /** What the procedure itself needs of the target, beside what the asset needs. */
  readonly needs: readonly Capability[];
  /** `continuous` when every acknowledged write is its own recovery point (versioning). */
  readonly schedule: Schedule | 'continuous';
  /** In what a run on this target differs from what the procedure is in production, for the record. */
  differencesFromProduction?(target: Pick<Target, 'name' | 'capabilities'>): readonly string[];
  /**
   * Runs one backup. The recovery point is what was found afterwards at its destination.
   * @throws when the procedure failed, or left nothing behind.
   */
  backup(context: ProcedureContext): Promise<RecoveryPoint>;
  /** Restores that recovery point. @throws when the procedure failed. */
  restore(
    recoveryPoint: RecoveryPoint,
    context: ProcedureContext & { readonly disasterBegan: Moment },
  ): Promise<RestoreReport>;
}
