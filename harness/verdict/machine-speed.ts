import { counted } from '../model/counted.ts';
import type { ControlReading, LateAttempt, RepeatedAttempts } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';

/** A control that was slow for less of an attempt's time does not explain why the attempt took too long. */
const EXPLAINING_SHARE = 0.5;

/**
 * Why the failed attempts do not show whether the platform or the machine was slow; undefined where they accuse the platform. Each
 * of them must be late, and during each of them a control must have answered slowly for half of the time. One that was refused, that
 * got another content, or that was late while every control was quick is the platform's.
 */
export function busyMachine({ made, failed, late, budgetMs, lateAttempts }: RepeatedAttempts): string | undefined {
  if (late === 0 || late !== failed || lateAttempts.length === 0) return undefined;
  const explaining: ControlReading[] = [];
  for (const attempt of lateAttempts) {
    const control = explainingControl(attempt, budgetMs);
    if (control === undefined) return undefined;
    explaining.push(control);
  }
  const slowest = explaining.reduce((one, other) => (other.slowestMs > one.slowestMs ? other : one));
  return `${late} of ${counted(made, 'attempt')} got no answer within ${formatDuration(budgetMs)}, and meanwhile ${slowest.what} took up to ${formatDuration(slowest.slowestMs)}. The platform has no part in that`;
}

/** The control that was slow long enough to explain why the attempt was late. */
function explainingControl({ tookMs, controls }: LateAttempt, budgetMs: number): ControlReading | undefined {
  const neededMs = Math.max(tookMs, budgetMs) * EXPLAINING_SHARE;
  return controls
    .filter(({ answers, slowMs }) => answers > 0 && slowMs > 0 && slowMs >= neededMs)
    .toSorted((one, other) => other.slowestMs - one.slowestMs)[0];
}
