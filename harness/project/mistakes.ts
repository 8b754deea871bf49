import { ContractMistakeError, type ExplainedError, isContractMistake } from '../model/errors.ts';
import type { RunRecord } from '../model/run-record.ts';
import { counted } from '../model/text.ts';

/** A mistake in one contract: it is not drilled, but the others are. */
export interface ContractMistake {
  /** Undefined when the file did not load far enough to know. */
  readonly contract: string | undefined;
  /** Relative to the project's folder. */
  readonly file: string;
  readonly error: Error;
}

/**
 * Returns whether a contract's author can act on an error. Also compares the name, because a contract file may load its own copy of a
 * class.
 */
export const isOfAuthor = (thrown: unknown): thrown is Error =>
  isContractMistake(thrown) || (thrown instanceof Error && thrown.name === 'ExplainedError');

/** Returns the sentence for a reader, with file and contract. */
export function mistakeText({ contract, file, error }: ContractMistake): string {
  // Such an error is complete; its cause is only a library's wording.
  const text = error.message;
  const isNamed = text.includes(file) && (contract === undefined || text.includes(`"${contract}"`));
  const named = contract === undefined ? file : `contract "${contract}" in ${file}`;
  return isNamed ? text : `${named}: ${text}`;
}

export const mistakeRecord = (mistake: ContractMistake): NonNullable<RunRecord['mistakes']>[number] => ({
  contract: mistake.contract ?? null,
  file: mistake.file,
  message: mistakeText(mistake),
});

/** Throws the errors that prevented every contract from being drilled: the only one, or all of them. */
export function throwMistakes(mistakes: readonly ContractMistake[]): void {
  const [first, ...more] = mistakes.map(located);
  if (first === undefined) return;
  throw more.length === 0
    ? first
    : new AggregateError([first, ...more], `${counted(mistakes.length, 'mistake')} in contracts`);
}

/** Returns the same error, with file and contract in its message. */
function located(mistake: ContractMistake): Error {
  const { error } = mistake;
  const message = mistakeText(mistake);
  if (message === error.message) return error;
  const isExplained = 'explanation' in error;
  const { contract, file } = mistake;
  const named = contract === undefined ? file : `contract "${contract}" in ${file}`;
  if (!isExplained) return new Error(message, { cause: error });
  const { explanation } = error as ExplainedError;
  return new ContractMistakeError({ ...explanation, thing: `${named}: ${explanation.thing}` }, { cause: error });
}
