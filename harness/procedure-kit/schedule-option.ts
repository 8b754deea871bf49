import { z } from 'zod';
import type { Procedure } from '../model/procedure.ts';
import { preparable } from '../model/rendering.ts';
import { type HeldSchedule, schedulers } from '../model/schedule.ts';

/** What the author of a contract types. */
const typed = z.strictObject({
  cron: z.string().min(1),
  timeZone: z.string().min(1).default('UTC'),
  /** By whose rules `cron` is read: Kubernetes' when left out, those of a crontab (`vixie`), or OnCalendar= of `systemd`. */
  scheduler: z.enum(schedulers).optional(),
});

/** What `cronJobSchedule({ … })` reads from the platform's own object. */
const held = z.custom<HeldSchedule>(
  (value) => typeof value === 'object' && value !== null && 'heldBy' in value && 'cron' in value && 'timeZone' in value,
);

/** When a procedure runs: `{ cron, timeZone, scheduler }`, or `cronJobSchedule({ … })`. */
export const scheduleOption = z.union([held, typed]);

/** A procedure whose schedule may still have to be read from the platform's own object: made anew then, with what that says. */
export const madeWithSchedule = <Used extends string>(
  known: Procedure<Used>,
  make: (schedule: HeldSchedule) => Procedure<Used>,
): Procedure<Used> => {
  const { schedule } = known;
  const read = typeof schedule === 'string' ? undefined : schedule.read;
  return read === undefined ? known : preparable(known, async (render) => make(await read(render)));
};
