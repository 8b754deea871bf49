import type { Clock } from '../clock/clock.ts';
import type { Secrets } from './secrets.ts';

/** Context of every piece of work in a drill: the clock, its own abort signal, a scratch folder, a function to report progress. */
export interface Step {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Folder outside the blast radius. It is removed after the drill. */
  readonly scratchDir: string;
  /** Secret values of the drill. Add a value where the code obtains it; redact a text before it leaves this process. */
  readonly secrets: Secrets;
  progress(message: string): void;
  /** Called with every step of a recovery that has ended (see `performing`). Left out when nobody records it. */
  readonly performed?: (performed: PerformedStep) => void;
}

/** Input of a command of a recovery that differs in every drill and every disaster. */
export interface RecoveryVariable {
  readonly name: string;
  /** Explanation of the value to set, for a reader who did not see the drill: "the backup to restore, as s3://bucket/prefix/". */
  readonly meaning: string;
  /** A shell word that yields the value, if there is one: `"$(mktemp -d)"`. */
  readonly obtain?: string;
  /** Value in this drill. Left out for a secret. */
  readonly value?: string;
}

/** One step of a recovery as an operator would carry it out. */
export interface RecoveryStep {
  /** Instruction, in the same words in every drill: "Restore every stream of the backup". */
  readonly what: string;
  /**
   * Command as an operator types it, without secrets. Values of the one drill are a `$VARIABLE`. Left out when there is nothing to type.
   */
  readonly command?: string;
  readonly variables?: readonly RecoveryVariable[];
  /** Things to check and do when this step fails. */
  readonly ifItFails?: string;
}

/** A recovery step that has ended. */
export interface PerformedStep extends RecoveryStep {
  readonly measuredMs: number;
  readonly outcome: 'done' | 'failed';
}

/** The part of a `Step` that `performing` needs. */
interface Performer {
  readonly clock: Clock;
  readonly performed?: ((performed: PerformedStep) => void) | undefined;
}

/** Does the work and reports to the drill what was done and how long it took, even when it failed. The runbook is made of these reports. */
export async function performing<T>(step: Performer, described: RecoveryStep, work: () => Promise<T>): Promise<T> {
  const beganMs = step.clock.monotonicMs();
  const tell = (outcome: PerformedStep['outcome']) =>
    step.performed?.({ ...described, measuredMs: step.clock.monotonicMs() - beganMs, outcome });
  try {
    const result = await work();
    tell('done');
    return result;
  } catch (error) {
    tell('failed');
    throw error;
  }
}
