import { z } from 'zod';
import { type Schedule, schedulers } from '../model/contract.ts';

/** What the author of a contract types. */
const typed = z.strictObject({
  cron: z.string().min(1),
  timeZone: z.string().min(1).default('UTC'),
  /** By whose rules `cron` is read: Kubernetes' when left out, those of a crontab (`vixie`), or OnCalendar= of `systemd`. */
  scheduler: z.enum(schedulers).optional(),
});

/** What `cronJobSchedule({ … })` read from the platform's own object. */
const held = z.custom<Schedule & { readonly heldBy: string }>(
  (value) => typeof value === 'object' && value !== null && 'heldBy' in value && 'cron' in value && 'timeZone' in value,
);

/** When a procedure runs: `{ cron, timeZone, scheduler }`, or `cronJobSchedule({ … })`. */
export const scheduleOption = z.union([held, typed]);
