import { systemClock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { ToolName } from '../model/target.ts';
import { compareText } from '../model/text.ts';
import type { Recipe } from '../registered/recipe.ts';
import { type Builder, findAllBuilders, findBuilders } from './builders.ts';
import { cacheEntryOf } from './cache-folder.ts';
import { cacheRoot } from './cache-root.ts';
import { isPromised, isRefusal, locateTool, lookForTool, type ReadyMade, type Whereabouts } from './locate.ts';
import { recipeOf, toolNames } from './recipes.ts';
import { readVersion } from './version-probe.ts';

/** What is known of one part without building anything. */
export interface ToolStatus {
  readonly name: string;
  readonly wantedVersion: string;
  readonly foundVersion?: string;
  readonly source?: string;
  readonly path?: string;
  /** Why the part cannot be used as it is; absent when it can. */
  readonly missing?: string;
  /** The command or the step that puts it right; absent when nothing is missing. */
  readonly fix?: string;
  /** What has to be here before the part can be built or installed; absent when it need not be. */
  readonly builder?: 'go' | 'python';
  /** True where a run fetches what is missing by itself, if it can. */
  readonly fetched?: boolean;
}

const FIX = 'npx dr-contracts toolchain';

/** Every program of the toolchain: where it is, which version it says it is, what is missing. Builds nothing. */
export async function inspectToolchain(readyMade?: ReadyMade): Promise<readonly ToolStatus[]> {
  const where = { ...whereabouts(), readyMade };
  const root = cacheRoot();
  return Promise.all(toolNames.map(async (name) => inspectTool(recipeOf(name), root, where)));
}

export interface BuilderStatus extends ToolStatus {
  /** Whether one of the programs that were named cannot be had without it. */
  readonly needed: boolean;
}

/**
 * Go and Python. `needed` are those that build the named programs, in the version that these need.
 * @param missing programs that are not there; a name that is none of the toolchain's needs neither.
 */
export async function inspectBuilders(missing: readonly string[] = toolNames): Promise<readonly BuilderStatus[]> {
  const where = whereabouts();
  const wanted = toolNames.filter((name) => missing.includes(name)).map((name) => recipeOf(name));
  const needed = await findBuilders(wanted, where);
  const others = (await findAllBuilders(where)).filter(({ name }) => !needed.some((each) => each.name === name));
  const statusOf = ({ name, wantedVersion, path, version, problem, fix }: Builder, isNeeded: boolean) => ({
    name,
    wantedVersion,
    ...(version === undefined ? {} : { foundVersion: version }),
    ...(path === undefined ? {} : { path, source: 'path' }),
    ...(problem === undefined ? {} : { missing: problem, fix }),
    needed: isNeeded,
  });
  const all = [...needed.map((each) => statusOf(each, true)), ...others.map((each) => statusOf(each, false))];
  return all.toSorted((one, other) => compareText(one.name, other.name));
}

/**
 * What has to be installed before these programs can be obtained and run: Go for one that has to be built. Python for what Python runs,
 * also where it is in the cache, because a virtual environment uses the Python that it was made with.
 */
export async function neededBuilders(names: readonly ToolName[]): Promise<ReadonlySet<Builder['name']>> {
  const where = whereabouts();
  const root = cacheRoot();
  const kinds = await Promise.all(
    names.map(async (name) => {
      const recipe = recipeOf(name);
      const located = await locateTool(recipe, await cacheEntryOf(recipe, root), where);
      const isSelfContained = recipe.kind === 'go' || located?.source === 'environment' || located?.source === 'path';
      return located === undefined || !isSelfContained ? [recipe.kind] : [];
    }),
  );
  return new Set(kinds.flat());
}

async function inspectTool(recipe: Recipe, root: string, where: Whereabouts): Promise<ToolStatus> {
  const status = { name: recipe.name, wantedVersion: recipe.version };
  const entry = await cacheEntryOf(recipe, root);
  let fix = FIX;
  try {
    const tool = await lookForTool(recipe, entry, where);
    if (tool === undefined) {
      const missing = 'not in the cache, and no program of this version is on PATH';
      return { ...status, missing, fix, builder: recipe.kind };
    }
    if (isRefusal(tool)) return { ...status, missing: tool.refused, fix: tool.fix, builder: recipe.kind };
    if (isPromised(tool)) {
      if (tool.fetch === undefined) return { ...status, foundVersion: 'in its image', source: tool.from };
      const missing = `it is copied out of ${tool.from}, which is not in the docker daemon`;
      return { ...status, missing, fix: `${tool.fetch} (a docker drill does so by itself)`, fetched: true };
    }
    const found = { ...status, source: tool.source, path: tool.path };
    if (tool.source === 'environment' || tool.source === 'path') return { ...found, foundVersion: tool.version };
    // What the cache claims is asked of the program itself: a virtual environment can be damaged and still look whole.
    fix = `rm -r "${tool.entryDir ?? entry.dir}" && ${FIX}`;
    return { ...found, foundVersion: await readVersion(tool.path, recipe.probe, where.clock, where.signal) };
  } catch (error) {
    const nextStep = error instanceof ExplainedError && fix === FIX ? error.explanation.nextStep : fix;
    return { ...status, missing: summaryOf(error), fix: nextStep };
  }
}

function whereabouts(): Whereabouts {
  return { environment: process.env, clock: systemClock, signal: new AbortController().signal };
}
