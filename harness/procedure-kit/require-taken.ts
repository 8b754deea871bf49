import { isCause } from '../model/causes.ts';
import { causeGivenBy, ExplainedError } from '../model/errors.ts';
import type { Schedule } from '../model/schedule.ts';
import { longestGapMs, reasonOf } from '../verdict/schedule-gap.ts';

/**
 * Of a schedule that an object of the platform holds, and by which no backup is ever taken: suspended, refused, or never due. A
 * mistake in the contract itself was found when it was read.
 * @throws {ExplainedError} that names the object and its field.
 */
export function requireTaken(schedule: Schedule): void {
  const { heldBy } = schedule;
  if (heldBy === undefined) return;
  if (schedule.idle !== undefined) throw neverTaken(heldBy, schedule.idle.reason, schedule.idle.cause);
  try {
    longestGapMs(schedule, new Date());
  } catch (error) {
    if (causeGivenBy(error) === 'exposure-unknown') return;
    throw neverTaken(heldBy, reasonOf(error), causeGivenBy(error), error);
  }
}

const neverTaken = (heldBy: string, observed: string, identifier?: string, cause?: unknown) =>
  new ExplainedError(
    {
      thing: heldBy,
      expected: 'a schedule that starts it',
      observed: `no backup is ever taken: ${observed}`,
      nextStep: 'Correct the field, and apply it',
      ...(identifier !== undefined && isCause(identifier) ? { cause: identifier } : {}),
    },
    { cause },
  );
