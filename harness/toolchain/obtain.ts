import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Toolchain, ToolName } from '../model/tools.ts';
import { type Build, describeOutcome, fillEntry } from './build.ts';
import { BuildProgress, lanes } from './build-progress.ts';
import { requireBuilders } from './builders.ts';
import { type CacheEntry, cacheEntryOf, cacheRoot } from './cache-folder.ts';
import { fromCache, inOrder, type LocatedTool, locateTool, type Whereabouts } from './locate.ts';
import type { ReadyMade } from './ready-made.ts';
import { type Recipe, recipes } from './recipes.ts';

export interface ObtainOptions {
  /** Told what is being built, for how long, and what comes next. */
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Where programs are ready-made; they are built otherwise. */
  readonly readyMade?: ReadyMade | undefined;
  /** True for a pack: only what was built from the pinned sources, nothing from PATH or the environment. */
  readonly onlyBuilt?: boolean;
}

interface Wanted {
  readonly recipe: Recipe;
  readonly entry: CacheEntry;
}

/**
 * The programs by name: each from its environment variable, the place that has it ready-made, the cache, PATH (same version only) or a
 * build, in this order.
 * Go builds run one after the other, the installation of LocalStack beside them.
 * @throws {ExplainedError} when a variable names no such program, Go or Python is missing, or a build fails.
 */
export async function obtainToolchain(names: readonly ToolName[], options: ObtainOptions): Promise<Toolchain> {
  const { clock, signal, readyMade } = options;
  const where: Whereabouts = { environment: process.env, clock, signal, readyMade };
  const root = cacheRoot();
  const wanted = await Promise.all(
    inOrder(names).map(async (name) => ({ recipe: recipes[name], entry: await cacheEntryOf(recipes[name], root) })),
  );
  const locate = options.onlyBuilt === true ? fromCacheAlone : locateTool;
  const located = await settleAll(wanted.map(async ({ recipe, entry }) => locate(recipe, entry, where)));
  const missing = wanted.filter((_, index) => located[index] === undefined);
  if (missing.length > 0) await buildAll(await planBuilds(missing, where), where, options.progress);
  const built = await Promise.all(missing.map(takeBuilt));
  return asToolchain([...located.filter((tool) => tool !== undefined), ...built]);
}

const fromCacheAlone = async (recipe: Recipe, entry: CacheEntry): Promise<LocatedTool | undefined> =>
  await fromCache(recipe, entry, 'cache');

async function planBuilds(missing: readonly Wanted[], where: Whereabouts): Promise<readonly Build[]> {
  const builders = await requireBuilders(
    missing.map(({ recipe }) => recipe),
    where,
  );
  return [...Map.groupBy(missing, ({ entry }) => entry.dir).values()].flatMap((group) => {
    const [first] = group;
    const builder = builders.find(({ name }) => name === first?.recipe.kind);
    if (first === undefined || builder?.path === undefined) return [];
    return [{ entry: first.entry, recipes: group.map(({ recipe }) => recipe), builderPath: builder.path }];
  });
}

/** The first failure ends the other lane too; both are over when this settles. */
async function buildAll(
  builds: readonly Build[],
  where: Whereabouts,
  report: (message: string) => void,
): Promise<void> {
  const { clock, environment } = where;
  const failure = new AbortController();
  const over = new AbortController();
  const signal = AbortSignal.any([where.signal, failure.signal]);
  const progress = new BuildProgress(clock, report);
  const ticking = progress.keepTelling(AbortSignal.any([signal, over.signal]));
  const work = lanes.map(async (lane) => {
    const ofLane = builds.filter((build) => build.recipes[0]?.kind === lane);
    try {
      for (const [index, build] of ofLane.entries()) {
        const place = builds.length > 1 ? ` (${builds.indexOf(build) + 1} of ${builds.length})` : '';
        const next = ofLane[index + 1];
        const say = progress.begin(lane, `${place}${next === undefined ? '' : `, next ${next.entry.label}`}`);
        const outcome = await fillEntry(build, { clock, signal, environment, say });
        progress.end(lane, describeOutcome(build, outcome));
      }
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(work);
  over.abort(new Error('everything is built'));
  await ticking;
  where.signal.throwIfAborted();
  if (outcomes.some(({ status }) => status === 'rejected')) throw failure.signal.reason;
}

async function takeBuilt({ recipe, entry }: Wanted): Promise<LocatedTool> {
  const tool = await fromCache(recipe, entry, 'built');
  if (tool !== undefined) return tool;
  throw new ExplainedError({
    thing: `${recipe.name} in the tool cache`,
    expected: `to be in ${entry.dir} after its build`,
    observed: 'it is not there any more',
    nextStep: 'Something else clears this folder while it is in use: stop that, then run this again.',
  });
}

/** Waits for all, then throws the first failure, so that nothing still runs behind it. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function asToolchain(tools: readonly LocatedTool[]): Toolchain {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const ordered = inOrder([...byName.keys()]).flatMap((name) => byName.get(name) ?? []);
  return {
    path(name) {
      const tool = byName.get(name);
      if (tool !== undefined) return tool.path;
      throw new ExplainedError({
        thing: `tool ${name}`,
        expected: 'to be one of the tools that were asked for',
        observed: `only ${ordered.map((one) => one.name).join(', ') || 'none'} were`,
        nextStep: `Ask for ${name} when obtaining the toolchain.`,
      });
    },
    inUse: ordered.map(({ name, version, source }) => ({ name, version, source })),
  };
}
