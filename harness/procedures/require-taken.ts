import type { Schedule } from '../model/contract.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { longestGapMs } from '../verdict/schedule-gap.ts';

/**
 * Of a schedule that an object of the platform holds, and by which no backup is ever taken: suspended, refused, or never due. A
 * mistake in the contract itself was found when it was read.
 * @throws {ExplainedError} that names the object and its field.
 */
export function requireTaken(schedule: Schedule): void {
  const { heldBy } = schedule;
  if (heldBy === undefined) return;
  if (schedule.idle !== undefined) throw neverTaken(heldBy, schedule.idle);
  try {
    longestGapMs(schedule, new Date());
  } catch (error) {
    throw neverTaken(heldBy, `its schedule "${schedule.cron}" (${schedule.timeZone}): ${summaryOf(error)}`, error);
  }
}

const neverTaken = (heldBy: string, observed: string, cause?: unknown) =>
  new ExplainedError(
    {
      thing: heldBy,
      expected: 'a schedule that starts it',
      observed: `no backup is ever taken: ${observed}`,
      nextStep: 'Correct the field, and apply it.',
    },
    { cause },
  );
