import type { Clock, Moment } from '../clock/clock.ts';
import type { DrillRecord } from '../model/record.ts';
import { WaitTimeoutError } from '../wait/wait.ts';
import type { Prober } from './prober.ts';
import { completedPhase, type Stages } from './stages.ts';
import type { DrillTuning } from './tuning.ts';

export interface ServiceCheckContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly record: DrillRecord;
  readonly tuning: DrillTuning;
}

/**
 * The last phase of RTA: until the probe has read and written restored data. A probe that goes on failing does not end the
 * drill: the comparison that follows says why it fails.
 */
export async function checkService(
  prober: Prober,
  restoreEnded: Moment,
  { clock, signal, record, tuning }: ServiceCheckContext,
  stages: Stages,
): Promise<void> {
  stages.announce('service-check');
  let outcome: 'completed' | 'failed' = 'failed';
  try {
    const served = await prober.untilServed(restoreEnded.monotonicMs, tuning.serviceBudgetMs, signal);
    Object.assign(record.moments, served);
    const restored = served.firstVerifiedWrite;
    record.moments.serviceRestored = restored;
    record.phases.push(completedPhase('service-check', restored.monotonicMs - restoreEnded.monotonicMs, 0));
    outcome = 'completed';
  } catch (error) {
    const measuredMs = clock.monotonicMs() - restoreEnded.monotonicMs;
    if (!(error instanceof WaitTimeoutError)) throw stages.failed('service-check', 'harness', error);
    record.phases.push({
      ...completedPhase('service-check', measuredMs, 0),
      outcome: 'timed-out',
      detail: `the probe: ${error.lastSeen}`,
    });
  }
  const durationMs = clock.monotonicMs() - restoreEnded.monotonicMs;
  record.stages.push({ name: 'service-check', durationMs, outcome });
}
