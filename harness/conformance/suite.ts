import '../node-version.ts';
import { afterAll, describe, inject, it } from 'vitest';
import { withinBudget } from '../base/budget.ts';
import { systemClock } from '../clock/clock.ts';
import type { AssetKind } from '../model/asset.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Target } from '../model/target.ts';
import type { Provider } from '../registered/provider.ts';
import { coursesOf, type Prepared } from './courses.ts';
import { BUDGET_MS, type ConformanceOptions, type Course } from './options.ts';
import { type OpenRuntime, type ProviderConformanceOptions, providerCourses } from './provider-courses.ts';

export type { ConformanceOptions, Sabotage, Sabotages } from './options.ts';
export type { ProviderConformanceOptions } from './provider-courses.ts';

/** A test gets this much longer than its work, so that the work says why it did not end. */
const GRACE_MS = 10_000;

/**
 * The suite that every asset, and every procedure that protects one, must pass. Call it in a test file of vitest. It opens the asset again
 * and again, on the target of the vitest project, and makes one test of each thing that the interface promises: what is seeded, fingerprints,
 * markers, the disaster and its proof, the neighbours, the comparison, disposal, and with `protectedBy` backup and restore.
 * @throws {ExplainedError} for options that do not fit the kind.
 */
export function conformance(kind: AssetKind, options: ConformanceOptions): void {
  const { budgetMs = BUDGET_MS } = options;
  let prepared: Promise<Prepared> | undefined;
  const prepare = () => {
    prepared ??= prepareKind(kind, options);
    return prepared;
  };
  describeCourses(coursesOf(kind, options, prepare), budgetMs);
}

/**
 * The suite that every provider must pass. Call it in a test file of vitest. It starts places as the local target does, in a session of its
 * own, and makes one test of each thing that the interface promises: places side by side, loss and replacement, disposal, an aborted start,
 * and credentials that stay out of argument lists.
 */
export function providerConformance(provider: Provider, options: ProviderConformanceOptions = {}): void {
  const { budgetMs = BUDGET_MS, tools = {} } = options;
  const openRuntime: OpenRuntime = async () => {
    const { openTrialRuntime } = await import('../targets/trial-runtime.ts');
    return await openTrialRuntime({ ...inject('drContracts')?.handle.toolPaths, ...tools }, systemClock);
  };
  describeCourses(providerCourses(provider, options, openRuntime), budgetMs);
}

function describeCourses(courses: readonly Course[], budgetMs: number): void {
  for (const { title, checks, end } of courses) {
    describe(title, { concurrent: false }, () => {
      for (const check of checks) {
        const run = async () => {
          const never = new AbortController().signal;
          await withinBudget(check.title, budgetMs, { clock: systemClock, signal: never }, check.run);
        };
        it(check.title, run, budgetMs + GRACE_MS);
      }
      afterAll(end, budgetMs);
    });
  }
}

async function prepareKind(kind: AssetKind, { protectedBy, target }: ConformanceOptions): Promise<Prepared> {
  const where = target ?? (await targetOfProject());
  if (kind.prepared === undefined && protectedBy?.prepared === undefined) return { kind, protectedBy, target: where };
  const { manifestRenderer } = await import('../manifests/render.ts');
  const render = manifestRenderer(where.tool('kubectl'), new AbortController().signal);
  const [asset, procedure] = await Promise.all([kind.prepared?.(render), protectedBy?.prepared?.(render)]);
  return { kind: asset ?? kind, protectedBy: procedure ?? protectedBy, target: where };
}

/** Undefined in a vitest project without the global set-up. */
async function targetOfProject() {
  const provided = inject('drContracts');
  if (provided === undefined) return noServers;
  const [{ attachTarget }, { readConfiguration }] = await Promise.all([
    import('../contract/attach-target.ts'),
    import('../project/config.ts'),
  ]);
  // The handle says nothing of the providers that the configuration names: this process has to register them, too.
  const { folder, configFile } = provided.project;
  if (configFile !== undefined) await readConfiguration(folder, configFile);
  return attachTarget(provided.handle, { clock: systemClock });
}

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
  commandLines: {},
  offers: () => false,
  place: async () => none(),
  tellCredentials: async () => undefined,
};
