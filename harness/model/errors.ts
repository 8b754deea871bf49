import { z } from 'zod';
import type { Cause } from './causes.ts';
import { issuesInWords } from './text.ts';

/** Explanation of a failure on which a reader can act: the thing, the expectation, the observation, the next step. */
export interface Explanation {
  readonly thing: string;
  readonly expected: string;
  readonly observed: string;
  readonly nextStep: string;
  /** Identifier for a finding made from this failure. Without it the failed stage gives one. */
  readonly cause?: Cause;
}

/** An error whose message alone is enough for its reader. The command line prints it without a stack trace. */
export class ExplainedError extends Error {
  override readonly name: string = 'ExplainedError';
  readonly explanation: Explanation;

  constructor(explanation: Explanation, options?: ErrorOptions) {
    super(
      // The observation is often a sentence of another program that ends with its own full stop.
      `${explanation.thing}: expected ${explanation.expected}, but ${explanation.observed.replace(/(?<!\.)\.$/, '')}. ${explanation.nextStep}`,
      options,
    );
    this.explanation = explanation;
  }
}

/**
 * True for an {@link ExplainedError}. It checks the explanation, not the class, because a plug-in may have loaded its own copy of the
 * class.
 */
export function isExplained(thrown: unknown): thrown is ExplainedError {
  if (!(thrown instanceof Error) || !('explanation' in thrown)) return false;
  const { explanation } = thrown;
  if (typeof explanation !== 'object' || explanation === null) return false;
  const told = new Map<string, unknown>(Object.entries(explanation));
  return ['thing', 'expected', 'observed', 'nextStep'].every((part) => typeof told.get(part) === 'string');
}

/** A mistake in the call of a command: it names a thing that does not exist or is of another kind. The command checked no promise. */
export class UsageError extends ExplainedError {
  readonly isUsage = true;
}

/** Runs work that depends on something that the caller named. Turns an explained failure into a {@link UsageError}. */
export async function namedByCaller<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isExplained(error) || isUsageError(error)) throw error;
    throw new UsageError(error.explanation, { cause: error.cause });
  }
}

/** True when the caller of the command has to correct the call. */
export const isUsageError = (thrown: unknown): boolean => says(thrown, 'isUsage');

/**
 * A condition of this machine or target that prevents any proof, such as a sandbox that the machine refuses. It is no broken promise of the
 * platform: the verdict is `unproven` in every stage.
 */
export class NotProvableHereError extends ExplainedError {
  readonly isNotProvableHere = true;
}

/** A mistake of a contract's author. The contract cannot be drilled; the platform has broken no promise. */
export class ContractMistakeError extends NotProvableHereError {
  readonly isContractMistake = true;
}

/**
 * A write that may or may not have taken effect: no answer came in time, or the connection was lost after it was sent. A marker lane
 * rejects with it. The drill then accepts the marker both present and absent.
 */
export class IndeterminateWriteError extends Error {
  override readonly name = 'IndeterminateWriteError';
  readonly isIndeterminateWrite = true;
}

/** True when it is unknown whether the write took effect. */
export const isIndeterminateWrite = (thrown: unknown): boolean => says(thrown, 'isIndeterminateWrite');

/** True when the failure is no broken promise of the platform. */
export const isNotProvableHere = (thrown: unknown): boolean => says(thrown, 'isNotProvableHere');

/** True when a contract's author caused the failure. */
export const isContractMistake = (thrown: unknown): boolean => says(thrown, 'isContractMistake');

/**
 * True when the error or one of its causes has the field. It checks a field, not the class, because a contract file may have loaded its own
 * copy of the class.
 */
function says(thrown: unknown, field: string): boolean {
  return chainOf(thrown).some((error) => field in error);
}

/** Errors that JavaScript and zod throw when code meets a case that its author did not expect. */
const NOT_THOUGHT_OF = new Set(['ZodError', 'SyntaxError', 'TypeError', 'RangeError', 'ReferenceError']);

/** Codes of Node for a module that this process cannot load: an incomplete installation, or a wrong import in a plug-in. */
const NOT_LOADED =
  /^(MODULE_NOT_FOUND|ERR_(MODULE_NOT_FOUND|PACKAGE_\w+|INVALID_(PACKAGE|MODULE)_\w+|UNSUPPORTED_(DIR_IMPORT|\w*TYPE\w*)|UNKNOWN_(FILE_EXTENSION|BUILTIN_MODULE)|INVALID_TYPESCRIPT_SYNTAX|REQUIRE_\w+|DLOPEN_FAILED))$/;

/** Codes of system calls of this process for which this machine alone is answerable. */
const MACHINE_EXHAUSTED = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS']);

/**
 * True for an error that shows nothing about the platform, in every stage: an answer of unexpected form, a mistake in the harness or a
 * plug-in, a module that is not installed, a full disk of this machine. An explained error may have an answer or a mistake as its cause, and
 * then counts by its explanation.
 */
export function isNotThoughtOf(thrown: unknown): boolean {
  const first = firstErrorOf(thrown);
  if (typeof first === 'object' && first !== null && 'name' in first && NOT_THOUGHT_OF.has(String(first.name)))
    return true;
  return chainOf(thrown).some((error) => {
    const code = 'code' in error ? String(error.code) : '';
    return NOT_LOADED.test(code) || ('syscall' in error && MACHINE_EXHAUSTED.has(code));
  });
}

/**
 * True when the attempt failed only because no answer came in time. A refused connection, an error or a wrong answer is an answer. It
 * checks the name, because client libraries and contract files have their own classes.
 */
export function isTimeOut(thrown: unknown): boolean {
  const first = firstErrorOf(thrown);
  for (let current = first, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth += 1) {
    if (current.name === 'BudgetEndedError' || current.name === 'TimeoutError') return true;
    if ('code' in current && current.code === 'ETIMEDOUT') return true;
  }
  return false;
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof z.ZodError) {
    return `an answer is not what was expected: ${issuesInWords(thrown)}`;
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns the message of any thrown value, followed by the messages of its causes, outermost first. */
export function messagesOf(thrown: unknown): string[] {
  const messages: string[] = [];
  let current: unknown = thrown;
  while (current !== undefined && current !== null && messages.length < 8) {
    if (isSuppressedError(current))
      return [...messages, ...messagesOf(current.suppressed), ...messagesOf(current.error)];
    messages.push(messageOf(current));
    if (current instanceof AggregateError) messages.push(...current.errors.flatMap(messagesOf));
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages;
}

/** Returns one line for a log or a sentence: the outermost message and, if it differs, the innermost cause. */
export function summaryOf(thrown: unknown): string {
  const messages = messagesOf(thrown).filter((message) => message.trim() !== '');
  const [first = 'unknown error'] = messages;
  const last = messages.at(-1) ?? first;
  return last === first || first.includes(last) ? first : `${first} (${last})`;
}

/** True for the error that `await using` throws when both the body and a disposal failed. The body's error matters. */
function isSuppressedError(thrown: unknown): thrown is Error & { error: unknown; suppressed: unknown } {
  return thrown instanceof Error && thrown.name === 'SuppressedError' && 'error' in thrown && 'suppressed' in thrown;
}

/** Returns the cause of the outermost explained error in the chain that has one; undefined when none has. */
export function causeGivenBy(thrown: unknown): Cause | undefined {
  return chainOf(thrown)
    .filter(isExplained)
    .find(({ explanation }) => explanation.cause !== undefined)?.explanation.cause;
}

/** Returns the error of the body when its disposals failed as well. */
function firstErrorOf(thrown: unknown): unknown {
  let first = thrown;
  while (isSuppressedError(first)) first = first.suppressed;
  return first;
}

/** Returns the error and its causes, outermost first, at most eight. */
function chainOf(thrown: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (
    let current = firstErrorOf(thrown);
    current instanceof Error && chain.length < 8;
    current = firstErrorOf(current.cause)
  )
    chain.push(current);
  return chain;
}
