import { InvalidArgumentError } from 'commander';
import { isBlank } from '../model/blank-text.ts';

/**
 * A text that a person has to give, without white space around it.
 * @throws {InvalidArgumentError} for one in which there is nothing to read.
 */
export function textArgument(text: string): string {
  if (isBlank(text))
    throw new InvalidArgumentError('Write a text that is not blank. In a pipeline: is the variable set?');
  return text.trim();
}
