/** What a reader needs to act on a failure: the thing, what was expected of it, what was observed, what to do next. */
export interface Explanation {
  readonly thing: string;
  readonly expected: string;
  readonly observed: string;
  readonly nextStep: string;
}

/** An error whose message alone is enough for its reader. The command line prints it without a stack trace. */
export class ExplainedError extends Error {
  override readonly name: string = 'ExplainedError';
  readonly explanation: Explanation;

  constructor(explanation: Explanation, options?: ErrorOptions) {
    super(
      `${explanation.thing}: expected ${explanation.expected}, but ${explanation.observed}. ${explanation.nextStep}`,
      options,
    );
    this.explanation = explanation;
  }
}

/**
 * What keeps a drill from proving anything on this machine or target, such as a sandbox that the machine refuses. The platform
 * broke no promise by it: whatever stage it ends, the verdict is `unproven`.
 */
export class NotProvableHereError extends ExplainedError {
  readonly isNotProvableHere = true;
}

/** True when the error or one of its causes says so. By a field: a contract file may have loaded its own copy of the class. */
export function isNotProvableHere(thrown: unknown): boolean {
  for (let current = thrown, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth += 1) {
    if ('isNotProvableHere' in current) return true;
  }
  return false;
}

/** The message of anything thrown, followed by the messages of its causes, outermost first. */
export function messagesOf(thrown: unknown): string[] {
  const messages: string[] = [];
  let current: unknown = thrown;
  while (current !== undefined && current !== null && messages.length < 8) {
    if (isSuppressedError(current))
      return [...messages, ...messagesOf(current.suppressed), ...messagesOf(current.error)];
    messages.push(current instanceof Error ? current.message : String(current));
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

/** What `await using` throws when the body and a disposal both failed: the body's error is the one that matters. */
export function isSuppressedError(thrown: unknown): thrown is Error & { error: unknown; suppressed: unknown } {
  return thrown instanceof Error && thrown.name === 'SuppressedError' && 'error' in thrown && 'suppressed' in thrown;
}
