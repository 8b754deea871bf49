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

/** What the author of a contract got wrong. It keeps the contract from being drilled; the platform has broken no promise. */
export class ContractMistakeError extends ExplainedError {
  readonly isContractMistake = true;
}

/** Whether a contract's author caused the failure. By a field, because a contract file may have loaded its own copy of the class. */
export function isContractMistake(thrown: unknown): boolean {
  let current = thrown;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    if ('isContractMistake' in current) return true;
    current = current.cause;
  }
  return false;
}

/** The message of anything thrown, followed by the messages of its causes, outermost first. */
export function messagesOf(thrown: unknown): string[] {
  const messages: string[] = [];
  let current: unknown = thrown;
  while (current !== undefined && current !== null && messages.length < 8) {
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
