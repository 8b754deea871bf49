import type { Clock } from '../clock/clock.ts';
import type { Secrets } from './secrets.ts';

/** What every piece of work in a drill is handed: the clock, its own abort signal, a scratch folder, a place to say how far it is. */
export interface Step {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Outside the blast radius; removed after the drill. */
  readonly scratchDir: string;
  /** The secret values of the drill: add a value where it is obtained; redact a text before it leaves this process. */
  readonly secrets: Secrets;
  progress(message: string): void;
  /** Told of every step of a recovery once it has ended (see `performing`). Left out where nobody records it. */
  readonly performed?: (performed: PerformedStep) => void;
}

/** Something that a command of a recovery is given and that is another thing in every drill and every disaster. */
export interface RecoveryVariable {
  readonly name: string;
  /** What to set it to, for somebody who was not there: "the backup to restore, as s3://bucket/prefix/". */
  readonly meaning: string;
  /** A shell word that gives it, where there is one: `"$(mktemp -d)"`. */
  readonly obtain?: string;
  /** What it was in this drill. Left out for a secret. */
  readonly value?: string;
}

/** One step of a recovery as an operator would carry it out. */
export interface RecoveryStep {
  /** As an instruction, in the same words in every drill: "Restore every stream of the backup". */
  readonly what: string;
  /** As it is typed: what belongs to the one drill is a `$VARIABLE`, secrets are nowhere. Left out when nothing is typed. */
  readonly command?: string;
  readonly variables?: readonly RecoveryVariable[];
  /** What to look at and do when this step fails. */
  readonly ifItFails?: string;
}

/** A recovery step that has ended. */
export interface PerformedStep extends RecoveryStep {
  readonly measuredMs: number;
  readonly outcome: 'done' | 'failed';
}

/** Whoever performs a step has a clock, and a drill that is told of it: a `Step` is one. */
interface Performer {
  readonly clock: Clock;
  readonly performed?: ((performed: PerformedStep) => void) | undefined;
}

/** Does the work, and tells the drill what was done and how long it took, also when it failed: the runbook is made of these. */
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
