import { ExplainedError, isExplained } from './errors.ts';
import type { Secrets } from './secrets.ts';

/** The same error without secret values in its message, where it has any: an explained error stays one. */
export function withoutSecrets(error: unknown, secrets: Secrets): unknown {
  if (!isExplained(error) || !secrets.foundIn(error.message)) return error;
  const { thing, expected, observed, nextStep } = error.explanation;
  const redact = (text: string) => secrets.redact(text);
  return new ExplainedError({
    thing: redact(thing),
    expected: redact(expected),
    observed: redact(observed),
    nextStep: redact(nextStep),
  });
}
