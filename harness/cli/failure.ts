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

/** What a reader sees of a failure: one message that names the thing and the fix. The stack only when asked for. */
export function renderFailure(thrown: unknown, debug: boolean): string {
  const messages = [...new Set(describe(thrown, 0))];
  const text = messages
    .map((message) => `dr-contracts: ${linesWithoutControls(stripVTControlCharacters(message))}\n`)
    .join('');
  return debug ? `${text}${inspect(thrown, { depth: 6 })}\n` : text;
}

/** As sysexits.h numbers them: the caller has to correct the call; the program has a defect. */
const USAGE = 64;
const DEFECT_CODE = 70;
const NOT_PROVED = 2;

/** What a command that failed ends with. A failure that was explained is a run that could not be made: nothing is proved by it. */
export function exitCodeOfFailure(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode;
  if (isUsageError(thrown)) return USAGE;
  return isExplainedWithin(thrown) ? NOT_PROVED : DEFECT_CODE;
}

/** True when every message that is shown of a failure is one that a reader can act on. */
const isExplainedWithin = (thrown: unknown): boolean =>
  describe(thrown, 0).every((message) => !message.endsWith(DEFECT));

/** True when the failure says by itself what to do; anything else is a defect of the harness. */
function isExplained(thrown: unknown): boolean {
  return known(thrown) !== undefined;
}

function describe(thrown: unknown, depth: number): string[] {
  // Commander has already written its message.
  if (thrown instanceof CommanderError) return [];
  if (depth < DEEPEST && isSuppressedError(thrown)) {
    // What was thrown first is the reason; what failed while cleaning up comes second.
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
  // It is printed when the teardown is over; a teardown that failed is a failure of its own, printed instead.
  if (thrown instanceof InterruptedError) return `${thrown.message}; everything that was started has been stopped.`;
  if (isOfOurs(thrown)) return thrown.message;
  if (thrown instanceof ZodError) return describeZodError(thrown);
  const systemError = asSystemError(thrown);
  return systemError === undefined ? undefined : explainSystemError(systemError).message;
}

/** By name as well: a contract file may have loaded its own copy of the class. */
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
