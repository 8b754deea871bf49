import type { Activities } from '../base/activities.ts';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { Toolchain, ToolName } from '../model/target.ts';
import type { Recipe } from '../registered/recipe.ts';
import { type Build, describeOutcome, fillEntry } from './build.ts';
import { BuildProgress, inBuildOrder, lanes } from './build-order.ts';
import { findBuilders, lackingBuilders } from './builders.ts';
import { type CacheEntry, cacheEntryOf } from './cache-folder.ts';
import { cacheRoot } from './cache-root.ts';
import { fromCache, inOrder, type LocatedTool, locateTool, type ReadyMade, type Whereabouts } from './locate.ts';
import { recipeOf } from './recipes.ts';

export interface ObtainOptions {
  /** Called with the current build, its elapsed time, and the next one. */
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Source of prebuilt programs; the others are built. */
  readonly readyMade?: ReadyMade | undefined;
  /** Records the time of each program. */
  readonly activities?: Activities | undefined;
  /** Makes builds use only processor time that nothing else on this machine needs: for a run that drills meanwhile. */
  readonly givesWay?: boolean;
  /** True for a pack: only programs built from the pinned sources, none from PATH or the environment. */
  readonly onlyBuilt?: boolean;
}

/** Programs that are being obtained; each can be used as soon as it is available. Disposal ends the builds that still run. */
export interface ToolSupply extends AsyncDisposable {
  /**
   * Waits for these programs.
   * @throws {ExplainedError} as soon as one of them turns out unavailable. The others are still obtained.
   */
  obtained(names: readonly ToolName[]): Promise<Toolchain>;
}

interface Wanted {
  readonly recipe: Recipe;
  readonly entry: CacheEntry;
}

type Slots = ReadonlyMap<ToolName, PromiseWithResolvers<LocatedTool>>;

/**
 * Obtains the programs by name: each from its environment variable, the source of prebuilt programs, the cache, PATH (same version only) or
 * a build, in this order.
 * @throws {ExplainedError} when a variable names no such program, Go or Python is missing, or a build fails; an AggregateError when there
 *   are several problems. The cache then contains everything that could be built.
 */
export async function obtainToolchain(names: readonly ToolName[], options: ObtainOptions): Promise<Toolchain> {
  await using supply = beginObtaining([names], options);
  const outcomes = await Promise.allSettled(inOrder(names).map((name) => supply.obtained([name])));
  options.signal.throwIfAborted();
  const failures = new Set(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])));
  const [first] = failures;
  if (failures.size > 1) throw new AggregateError(failures, summaryOf(first), { cause: first });
  return await supply.obtained(names);
}

/**
 * Starts to obtain the programs of several wishes, each with the needs of one contract. First finds all available programs; then builds the
 * missing ones: Go programs in sequence, in the order of `inBuildOrder`, and LocalStack's installation beside them. A failed build does not
 * stop the others.
 */
export function beginObtaining(wishes: readonly (readonly ToolName[])[], options: ObtainOptions): ToolSupply {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const slots = new Map<ToolName, PromiseWithResolvers<LocatedTool>>();
  const work: Promise<void>[] = [];
  const begin = (those: readonly (readonly ToolName[])[]) => {
    const own: Slots = new Map(
      inOrder(those.flat())
        .filter((name) => !slots.has(name))
        .map((name) => [name, Promise.withResolvers<LocatedTool>()]),
    );
    if (own.size === 0) return;
    for (const [name, slot] of own) {
      slots.set(name, slot);
      // A caller need not await one that fails.
      slot.promise.catch(() => undefined);
    }
    work.push(obtainInto(own, those, { ...options, signal }));
  };
  begin(wishes);
  return {
    obtained: async (names) => {
      // A later wish is obtained beside the others.
      begin([names]);
      const tools = await Promise.all(names.flatMap((name) => slots.get(name)?.promise ?? []));
      return asToolchain(tools);
    },
    [Symbol.asyncDispose]: async () => {
      over.abort(new Error('the programs are not needed any more'));
      await Promise.all(work);
    },
  };
}

/** Settles every slot, and never rejects. */
async function obtainInto(
  slots: Slots,
  wishes: readonly (readonly ToolName[])[],
  options: ObtainOptions,
): Promise<void> {
  const { clock, signal, readyMade } = options;
  const where: Whereabouts = { environment: process.env, clock, signal, readyMade };
  const reject = (recipeNames: Iterable<ToolName>, reason: unknown) => {
    for (const name of recipeNames) slots.get(name)?.reject(reason);
  };
  try {
    const missing = await locateAll(slots, where, options);
    if (missing.length === 0) return;
    const order = inBuildOrder(
      wishes,
      missing.map(({ recipe }) => recipe.name),
    );
    const { builds, lacking } = await planBuilds(
      missing.toSorted((one, other) => order.indexOf(one.recipe.name) - order.indexOf(other.recipe.name)),
      where,
    );
    if (lacking !== undefined) reject(lacking.names, lacking.error);
    await buildAll(builds, slots, where, options);
  } catch (error) {
    // This does not change the slots that are already settled.
    reject(slots.keys(), error);
  }
}

/** Fills the slots of all available programs at once, so that a target starts its parts side by side. @returns the programs to build. */
async function locateAll(
  slots: Slots,
  where: Whereabouts,
  { activities, onlyBuilt }: ObtainOptions,
): Promise<readonly Wanted[]> {
  const locate = onlyBuilt === true ? fromCacheAlone : locateTool;
  const root = cacheRoot();
  const missing: Wanted[] = [];
  const located = await Promise.all(
    [...slots].map(async ([name, slot]) => {
      const end = activities?.begin('obtaining', name);
      try {
        const recipe = recipeOf(name);
        const entry = await cacheEntryOf(recipe, root);
        const tool = await locate(recipe, entry, where);
        if (tool === undefined) missing.push({ recipe, entry });
        end?.({ failed: false, source: tool?.source ?? 'missing' });
        return () => tool && slot.resolve(tool);
      } catch (error) {
        end?.({ failed: true });
        return () => slot.reject(error);
      }
    }),
  );
  for (const settle of located) settle();
  return missing;
}

const fromCacheAlone = async (recipe: Recipe, entry: CacheEntry): Promise<LocatedTool | undefined> =>
  await fromCache(recipe, entry, 'cache');

/** Returns the builds in the order of the missing programs, without those whose builder is missing. */
async function planBuilds(missing: readonly Wanted[], where: Whereabouts) {
  const wanted = missing.map(({ recipe }) => recipe);
  const builders = await findBuilders(wanted, where);
  const lacking = builders.filter(({ path }) => path === undefined);
  const unbuilt = wanted.filter(({ kind }) => lacking.some(({ name }) => name === kind));
  const builds = [...Map.groupBy(missing, ({ entry }) => entry.dir).values()].flatMap((group): readonly Build[] => {
    const [first] = group;
    const builder = builders.find(({ name }) => name === first?.recipe.kind);
    if (first === undefined || builder?.path === undefined) return [];
    return [{ entry: first.entry, recipes: group.map(({ recipe }) => recipe), builderPath: builder.path }];
  });
  const names = unbuilt.map(({ name }) => name);
  return {
    builds,
    lacking: lacking.length === 0 ? undefined : { names, error: lackingBuilders(lacking, unbuilt, where.readyMade) },
  };
}

/** Runs the builds. Each settles the slots of its own programs. */
async function buildAll(
  builds: readonly Build[],
  slots: Slots,
  where: Whereabouts,
  { progress: report, activities, givesWay }: ObtainOptions,
): Promise<void> {
  const { clock, environment, signal } = where;
  const over = new AbortController();
  const progress = new BuildProgress(clock, report);
  const ticking = progress.keepTelling(AbortSignal.any([signal, over.signal]));
  const work = lanes.map(async (lane) => {
    const ofLane = builds.filter((build) => build.recipes[0]?.kind === lane);
    for (const [index, build] of ofLane.entries()) {
      if (signal.aborted) {
        for (const { name } of build.recipes) slots.get(name)?.reject(signal.reason);
        continue;
      }
      const place = builds.length > 1 ? ` (${builds.indexOf(build) + 1} of ${builds.length})` : '';
      const next = ofLane[index + 1];
      const say = progress.begin(lane, `${place}${next === undefined ? '' : `, next ${next.entry.label}`}`);
      const ends = build.recipes.map(({ name }) => activities?.begin('obtaining', name));
      try {
        const outcome = await fillEntry(build, { clock, signal, environment, say, givesWay });
        for (const recipe of build.recipes) {
          slots.get(recipe.name)?.resolve(await takeBuilt({ recipe, entry: build.entry }));
        }
        for (const end of ends) end?.({ failed: false, source: 'built' });
        progress.end(lane, describeOutcome(build, outcome));
      } catch (error) {
        for (const end of ends) end?.({ failed: true });
        for (const { name } of build.recipes) slots.get(name)?.reject(error);
        if (!signal.aborted) progress.end(lane, `${build.entry.label} cannot be obtained: ${summaryOf(error)}`);
      }
    }
  });
  await Promise.allSettled(work);
  over.abort(new Error('everything is built'));
  await ticking;
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

function asToolchain(tools: readonly LocatedTool[]): Toolchain {
  const byName = new Map<string, LocatedTool>(tools.map((tool) => [tool.name, tool]));
  const ordered = inOrder(tools.map(({ name }) => name)).flatMap((name) => byName.get(name) ?? []);
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
