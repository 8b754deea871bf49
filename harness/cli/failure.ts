import { inspect, stripVTControlCharacters } from 'node:util';
import { CommanderError } from 'commander';
import { ZodError } from 'zod';
import { ExplainedError, isUsageError, summaryOf } from '../model/errors.ts';
import { issuesInWords } from '../model/text.ts';
import { asSystemError, explainSystemError } from '../reporting/system-error.ts';
import { linesWithoutControls } from '../reporting/text.ts';
import { InterruptedError } from './interruption.ts';

const DEFECT = 'This is a defect in dr-contracts; run again with DR_CONTRACTS_DEBUG=1 to see where, and report it.';
const DEEPEST = 8;

/** Returns the message of a failure for a reader: one text that names the thing and the fix. Includes the stack only on request. */
export function renderFailure(thrown: unknown, debug: boolean): string {
  const messages = [...new Set(describe(thrown, 0))];
  const text = messages
    .map((message) => `dr-contracts: ${linesWithoutControls(stripVTControlCharacters(message))}\n`)
    .join('');
  return debug ? `${text}${inspect(thrown, { depth: 6 })}\n` : text;
}

/** Exit codes of sysexits.h: the caller has to correct the call; the program has a defect. */
const USAGE = 64;
const DEFECT_CODE = 70;
const NOT_PROVED = 2;

/** Returns the exit code of a failed command. An explained failure is a run that could not be made: it proves nothing. */
export function exitCodeOfFailure(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode;
  if (isUsageError(thrown)) return USAGE;
  return isExplainedWithin(thrown) ? NOT_PROVED : DEFECT_CODE;
}

/** Returns true when a reader can act on every message shown for a failure. */
const isExplainedWithin = (thrown: unknown): boolean =>
  describe(thrown, 0).every((message) => !message.endsWith(DEFECT));

/** Returns true when the failure itself says what to do; any other is a defect of the harness. */
function isExplained(thrown: unknown): boolean {
  return known(thrown) !== undefined;
}

function describe(thrown: unknown, depth: number): string[] {
  // Commander has already written its message.
  if (thrown instanceof CommanderError) return [];
  if (depth < DEEPEST && isSuppressedError(thrown)) {
    // The first error is the reason; errors of the clean-up come second.
    return [...describe(thrown.suppressed, depth + 1), ...describe(thrown.error, depth + 1)];
  }
  if (depth < DEEPEST && thrown instanceof AggregateError && thrown.errors.length > 0) {
    return thrown.errors.flatMap((error: unknown) => describe(error, depth + 1));
  }
  const own = known(thrown);
  if (own !== undefined) return [own];
  if (depth < DEEPEST && thrown instanceof Error && thrown.cause !== undefined && isExplained(innermost(thrown))) {
    const [inner = '', ...others] = describe(thrown.cause, depth + 1);
    return [inner.startsWith(thrown.message) ? inner : `${thrown.message}: ${inner}`, ...others];
  }
  return [`${endSentence(summaryOf(thrown))} ${DEFECT}`];
}

function known(thrown: unknown): string | undefined {
  // It is printed after the teardown; a failed teardown is a failure of its own, printed instead.
  if (thrown instanceof InterruptedError) return `${thrown.message}; everything that was started has been stopped.`;
  if (isOfOurs(thrown)) return thrown.message;
  if (thrown instanceof ZodError) return describeZodError(thrown);
  const systemError = asSystemError(thrown);
  return systemError === undefined ? undefined : explainSystemError(systemError).message;
}

/** Recognises this package's errors, also by name: a contract file may have loaded its own copy of the class. */
function isOfOurs(thrown: unknown): thrown is Error {
  return thrown instanceof ExplainedError || (thrown instanceof Error && thrown.name === 'ExplainedError');
}

function describeZodError(error: ZodError): string {
  return `data from outside: expected another form, but ${issuesInWords(error)}. Run \`dr-contracts doctor\` to check the versions of the tools.`;
}

function innermost(thrown: Error): unknown {
  let current: unknown = thrown;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    if (isExplained(current) || current instanceof AggregateError) break;
    if (!(current instanceof Error) || current.cause === undefined) break;
    current = current.cause;
  }
  return current instanceof AggregateError ? current.errors.find(isExplained) : current;
}

function isSuppressedError(thrown: unknown): thrown is Error & { error: unknown; suppressed: unknown } {
  return thrown instanceof Error && thrown.name === 'SuppressedError' && 'error' in thrown && 'suppressed' in thrown;
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
