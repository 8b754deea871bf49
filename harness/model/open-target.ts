import type { Capability } from './service.ts';
import type { Target } from './target.ts';

/** A target whose parts are there one after the other. Disposal stops all of it. */
export interface OpenTarget<Attached extends { readonly target: Target } = { readonly target: Target }>
  extends AsyncDisposable {
  /**
   * Waits for those parts.
   * @returns the target as it is for somebody who needs them.
   * @throws {ExplainedError} why one of them cannot be had.
   */
  untilReady(parts: readonly Capability[]): Promise<Attached>;
}

/** A target that is there already, and that somebody else stops. */
export const readyTarget = (target: Target): OpenTarget => ({
  untilReady: async () => ({ target }),
  [Symbol.asyncDispose]: async () => undefined,
});
