import type { Scope } from '../base/scope.ts';
import type { Clock } from '../clock/clock.ts';
import type { Contract } from '../model/contract.ts';
import type { DrillListener } from '../model/events.ts';
import type { DrillRecord } from '../model/record.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Target } from '../model/target.ts';
import type { DrillTuning } from './tuning.ts';

/** Context of one drill. */
export interface DrillContext {
  readonly name: string;
  readonly contract: Contract;
  readonly disaster: string;
  readonly target: Target;
  readonly drillId: string;
  readonly scratchDir: string;
  readonly secrets: Secrets;
  readonly scale: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  /** Draft of the record. Writes after the end of the drill reach no record. */
  readonly record: DrillRecord;
  readonly saveDraft: (state: 'restored') => Promise<void>;
  readonly scope: Scope;
  readonly tuning: DrillTuning;
}
