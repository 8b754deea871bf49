import { userInfo } from 'node:os';
import { ExplainedError } from '../../model/errors.ts';
import { KEPT_PREFIX } from './labels.ts';

const KEPT_VARIABLE = 'DR_CONTRACTS_KEPT';
/**
 * Label on the kept cluster's network; its value says from what the cluster was made. No object with this label carries a session's, so no
 * collection touches it.
 */
export const KEPT_LABEL = 'dr-contracts.kept';

/**
 * Returns the name of the kept cluster and of its network: one for each user of a daemon, or the value of `DR_CONTRACTS_KEPT`.
 * @throws {ExplainedError} for a value that is not a valid name.
 */
export function keptName(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment[KEPT_VARIABLE];
  const suffix = given === undefined || given === '' ? String(userInfo().uid) : given;
  if (/^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/.test(suffix)) return `${KEPT_PREFIX}${suffix}`;
  throw new ExplainedError({
    thing: KEPT_VARIABLE,
    expected: 'up to 20 lower-case letters, digits and dashes',
    observed: `found "${suffix}"`,
    nextStep: 'Correct it, or unset it for the one kept cluster of this user.',
  });
}

/** Returns the name of a volume; its labels name the session that uses the kept cluster. */
export const keptLock = (): string => `${keptName()}-lock`;
