import { z } from 'zod';
import type { Cause } from './causes.ts';
import { issuesInWords } from './text.ts';

/** What a reader needs to act on a failure: the thing, what was expected of it, what was observed, what to do next. */
export interface Explanation {
  readonly thing: string;
  readonly expected: string;
  readonly observed: string;
  readonly nextStep: string;
  /** Where a finding is made of the failure, its identifier; the stage that failed gives one otherwise. */
  readonly cause?: Cause;
}

/** An error whose message alone is enough for its reader. The command line prints it without a stack trace. */
export class ExplainedError extends Error {
  override readonly name: string = 'ExplainedError';
  readonly explanation: Explanation;

  constructor(explanation: Explanation, options?: ErrorOptions) {
    super(
      // What was observed is often somebody else's sentence, with a full stop of its own.
      `${explanation.thing}: expected ${explanation.expected}, but ${explanation.observed.replace(/(?<!\.)\.$/, '')}. ${explanation.nextStep}`,
      options,
    );
    this.explanation = explanation;
  }
}

/** True for an {@link ExplainedError}. By its explanation: a plug-in may have loaded its own copy of the class. */
export function isExplained(thrown: unknown): thrown is ExplainedError {
  if (!(thrown instanceof Error) || !('explanation' in thrown)) return false;
  const { explanation } = thrown;
  if (typeof explanation !== 'object' || explanation === null) return false;
  const told = new Map<string, unknown>(Object.entries(explanation));
  return ['thing', 'expected', 'observed', 'nextStep'].every((part) => typeof told.get(part) === 'string');
}

/** What the caller of a command got wrong: it names a thing that is not there or is something else. No promise was looked at. */
export class UsageError extends ExplainedError {
  readonly isUsage = true;
}

/** Does what depends on something that the caller named; an explained failure of it is the caller's to correct. */
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
 * What keeps a drill from proving anything on this machine or target, such as a sandbox that the machine refuses. The platform
 * broke no promise by it: whatever stage it ends, the verdict is `unproven`.
 */
export class NotProvableHereError extends ExplainedError {
  readonly isNotProvableHere = true;
}

/** What the author of a contract got wrong. It keeps the contract from being drilled; the platform has broken no promise. */
export class ContractMistakeError extends NotProvableHereError {
  readonly isContractMistake = true;
}

/**
 * A write that may or may not have taken effect: no answer came in time, or the connection was lost after it was sent. A marker
 * lane rejects with it, and the drill then expects neither that the marker is there nor that it is not.
 */
export class IndeterminateWriteError extends Error {
  override readonly name = 'IndeterminateWriteError';
  readonly isIndeterminateWrite = true;
}

/** True when nobody can tell whether the write took effect. */
export const isIndeterminateWrite = (thrown: unknown): boolean => says(thrown, 'isIndeterminateWrite');

/** True when the platform broke no promise by the failure. */
export const isNotProvableHere = (thrown: unknown): boolean => says(thrown, 'isNotProvableHere');

/** True when a contract's author caused the failure. */
export const isContractMistake = (thrown: unknown): boolean => says(thrown, 'isContractMistake');

/** True when the error or one of its causes says so. By a field: a contract file may have loaded its own copy of the class. */
function says(thrown: unknown, field: string): boolean {
  const first = firstErrorOf(thrown);
  for (
    let current = first, depth = 0;
    current instanceof Error && depth < 8;
    current = firstErrorOf(current.cause), depth += 1
  ) {
    if (field in current) return true;
  }
  return false;
}

/** What JavaScript and zod throw of themselves, when code meets what its author did not think of. */
const NOT_THOUGHT_OF = new Set(['ZodError', 'SyntaxError', 'TypeError', 'RangeError', 'ReferenceError']);

/**
 * True for an error that nobody explained: an answer that was not understood, or a mistake in the harness or a plug-in. Wherever
 * it happens, it shows nothing about the platform. An error that was explained may have such a cause.
 */
export function isNotThoughtOf(thrown: unknown): boolean {
  const first = firstErrorOf(thrown);
  return typeof first === 'object' && first !== null && 'name' in first && NOT_THOUGHT_OF.has(String(first.name));
}

/**
 * True when only time is against what was tried: no answer came within the time allowed. A refused connection, an error or a wrong
 * answer is an answer. By name: a client library and a contract file have their own classes.
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

/** The message of anything thrown, followed by the messages of its causes, outermost first. */
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

/** One line for a log or a sentence: the outermost message and, where it differs, the innermost cause. */
export function summaryOf(thrown: unknown): string {
  const messages = messagesOf(thrown).filter((message) => message.trim() !== '');
  const [first = 'unknown error'] = messages;
  const last = messages.at(-1) ?? first;
  return last === first || first.includes(last) ? first : `${first} (${last})`;
}

/** The error that `await using` throws when both the body and a disposal failed. The body's error matters. */
function isSuppressedError(thrown: unknown): thrown is Error & { error: unknown; suppressed: unknown } {
  return thrown instanceof Error && thrown.name === 'SuppressedError' && 'error' in thrown && 'suppressed' in thrown;
}

/** The identifier that the outermost explained error in the chain gives; undefined when none does. */
export function causeGivenBy(thrown: unknown): Cause | undefined {
  const first = firstErrorOf(thrown);
  for (
    let current = first, depth = 0;
    current instanceof Error && depth < 8;
    current = firstErrorOf(current.cause), depth += 1
  ) {
    if (isExplained(current) && current.explanation.cause !== undefined) return current.explanation.cause;
  }
  return undefined;
}

/** What ended the body, where its disposals failed besides. */
function firstErrorOf(thrown: unknown): unknown {
  let first = thrown;
  while (isSuppressedError(first)) first = first.suppressed;
  return first;
}
