import { InvalidArgumentError } from 'commander';
import { isBlank } from '../model/text.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * A day, which begins at midnight UTC, or a time with its zone, as the command line names it.
 * @throws {InvalidArgumentError} for anything else, and for a day that does not exist.
 */
export function timeArgument(text: string): Date {
  const time = new Date(text);
  const isThere = !Number.isNaN(time.getTime()) && (!DAY.test(text) || time.toISOString().startsWith(text));
  if ((DAY.test(text) || TIME.test(text)) && isThere) return time;
  throw new InvalidArgumentError('Write a day or a time with its zone, e.g. 2027-01-31 or 2027-01-31T12:00Z.');
}

/** The same, where a day is meant to its end: the last day of a period belongs to it. */
export const endArgument = (text: string): Date =>
  timeArgument(DAY.test(text) ? `${timeArgument(text).toISOString().slice(0, 10)}T23:59:59.999Z` : text);

/** A time as the command line names it, in UTC. @throws {InvalidArgumentError} for anything else. */
export function utcTime(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a time such as 2026-11-28T06:00:00Z.');
  return new Date(time).toISOString();
}

/**
 * A text that a person has to give, without white space around it.
 * @throws {InvalidArgumentError} for one in which there is nothing to read.
 */
export function textArgument(text: string): string {
  if (isBlank(text))
    throw new InvalidArgumentError('Write a text that is not blank. In a pipeline: is the variable set?');
  return text.trim();
}

/** `--ledger` of the commands that read the ledger of the configuration when it is left out. A blank one is refused: a variable is not set. */
export const LEDGER_OPTION = [
  '--ledger <place>',
  'a folder, or s3://bucket/prefix (default: as the configuration says)',
  textArgument,
] as const;
