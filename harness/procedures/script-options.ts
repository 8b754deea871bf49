import { z } from 'zod';
import { parsedOptions } from '../model/options-mistake.ts';
import { authorEnvironment } from '../procedure-kit/author-environment.ts';
import { keepsOption } from '../procedure-kit/machines.ts';
import { scheduleOption } from '../procedure-kit/schedule-option.ts';
import { destinationOption } from './usual-store.ts';

const optionsSchema = z.strictObject({
  /** Path of the executable that takes one backup, from the project's root. */
  backup: z.string().min(1),
  /** Path of the executable that restores the backup that RECOVERY_POINT names. */
  restore: z.string().min(1),
  schedule: scheduleOption,
  /** Key prefix in the backup bucket, e.g. `nats/`. */
  prefix: z.string().regex(/^([^/]+\/)*$/, 'a key prefix that ends in "/", such as nats/'),
  /** The store that the backups go to. */
  destination: destinationOption,
  /** Paths on the machine of the backup that production keeps and the restore finds again; the restore sees nothing else of it. */
  keeps: keepsOption,
  /** Further variables for both scripts; `secret(…)` for a value that no text may show. */
  environment: authorEnvironment.default({}),
});

export type ScriptOptions = z.input<typeof optionsSchema>;
export type ScriptSettings = z.output<typeof optionsSchema>;

/** @throws {ExplainedError} that names the field when an option is missing, misspelt or malformed. */
export function parseScriptOptions(options: unknown): ScriptSettings {
  return parsedOptions('script(…)', optionsSchema, options);
}
