import { ExplainedError } from '../model/errors.ts';
import type { Target } from '../model/target.ts';

const NEXT_STEP = "Add globalSetup: ['dr-contracts/vitest'] to the vitest project, or give conformance a `target`.";

const none = (): never => {
  throw new ExplainedError({
    thing: 'the target of this conformance suite',
    expected: 'servers and programs for an asset that asks for them',
    observed: 'it has none, because nothing was started',
    nextStep: NEXT_STEP,
  });
};

/** A target on which nothing runs, for an asset that needs no server. */
export const noServers: Target = {
  name: 'none',
  sessionId: 'conformance',
  capabilities: [],
  differencesFromProduction: [],
  tools: [],
  sandbox: { kind: 'refused', reason: 'no target was started', fix: NEXT_STEP },
  tool: none,
  offers: () => false,
  place: async () => none(),
  tellCredentials: async () => undefined,
};
