import type { Clock } from '../clock/clock.ts';
import type { PerformedStep } from './recovery-step.ts';
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
