import { InvalidArgumentError } from 'commander';
import { isBlank } from '../model/text.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Parses a day, which begins at midnight UTC, or a time with its zone.
 * @throws {InvalidArgumentError} for anything else, and for a day that does not exist.
 */
export function timeArgument(text: string): Date {
  const time = new Date(text);
  const isThere = !Number.isNaN(time.getTime()) && (!DAY.test(text) || time.toISOString().startsWith(text));
  if ((DAY.test(text) || TIME.test(text)) && isThere) return time;
  throw new InvalidArgumentError('Write a day or a time with its zone, e.g. 2027-01-31 or 2027-01-31T12:00Z.');
}

/** Parses the same for the end of a period: a day counts to its end. */
export const endArgument = (text: string): Date =>
  timeArgument(DAY.test(text) ? `${timeArgument(text).toISOString().slice(0, 10)}T23:59:59.999Z` : text);

/** Parses a time, in UTC. @throws {InvalidArgumentError} for anything else. */
export function utcTime(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a time such as 2026-11-28T06:00:00Z.');
  return new Date(time).toISOString();
}

/**
 * Trims a required text.
 * @throws {InvalidArgumentError} for one without a visible character.
 */
export function textArgument(text: string): string {
  if (isBlank(text))
    throw new InvalidArgumentError('Write a text that is not blank. In a pipeline: is the variable set?');
  return text.trim();
}

/** `--ledger` of the commands whose default is the ledger of the configuration. A blank value is refused: a variable is not set. */
export const LEDGER_OPTION = [
  '--ledger <place>',
  'a folder, or s3://bucket/prefix (default: as the configuration says)',
  textArgument,
] as const;
