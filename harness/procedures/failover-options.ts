import { z } from 'zod';
import { parsedOptions } from '../model/options-mistake.ts';
import { authorEnvironment } from '../procedure-kit/author-environment.ts';

const path = z.string().min(1);

const optionsSchema = z.strictObject({
  /** Makes the mirrors, and waits until they follow. */
  mirror: path,
  /** Ends when the primary region is found to be lost. */
  detect: path,
  /** Ends when it is settled that the standby region takes over. */
  decide: path,
  /** Makes the standby region's mirrors writable. */
  promote: path,
  /** Leads users to the standby region. */
  redirect: path,
  /** Runs before the servers of the region that was lost start again. */
  start: path,
  /** Makes that region a mirror of the one in charge. */
  rejoin: path,
  /** Puts it in charge again. */
  failBack: path,
  /** Further variables for every script; `secret(…)` for a value that no text may show. */
  environment: authorEnvironment.default({}),
});

/** The platform's executables for each step, as paths from the project's root. */
export type FailoverOptions = z.input<typeof optionsSchema>;
export type FailoverSettings = z.output<typeof optionsSchema>;
export type FailoverStep = Exclude<keyof FailoverSettings, 'environment'>;

/** In the order in which they run. */
export const failoverSteps = [
  'mirror',
  'detect',
  'decide',
  'promote',
  'redirect',
  'start',
  'rejoin',
  'failBack',
] as const satisfies readonly FailoverStep[];

/** @throws {ExplainedError} that names the field when an option is missing, misspelt or malformed. */
export function parseFailoverOptions(options: unknown): FailoverSettings {
  return parsedOptions('failover(…)', optionsSchema, options);
}
