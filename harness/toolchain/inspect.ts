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

/** Status of one part, found without building anything. */
export interface ToolStatus {
  readonly name: string;
  readonly wantedVersion: string;
  readonly foundVersion?: string;
  readonly source?: string;
  readonly path?: string;
  /** Reason why the part cannot be used as it is; absent when it can be used. */
  readonly missing?: string;
  /** Command or step that fixes it; absent when nothing is missing. */
  readonly fix?: string;
  /** Builder that must be present before the part can be built or installed; absent when none is needed. */
  readonly builder?: 'go' | 'python';
  /** True where a run tries to fetch the missing part by itself. */
  readonly fetched?: boolean;
}

const FIX = 'npx dr-contracts toolchain';

/** Inspects every program of the toolchain: its place, its reported version, its problem. Builds nothing. */
export async function inspectToolchain(readyMade?: ReadyMade): Promise<readonly ToolStatus[]> {
  const where = { ...whereabouts(), readyMade };
  const root = cacheRoot();
  return Promise.all(toolNames.map(async (name) => inspectTool(recipeOf(name), root, where)));
}

export interface BuilderStatus extends ToolStatus {
  /** Whether one of the named programs is unavailable without it. */
  readonly needed: boolean;
}

/**
 * Inspects Go and Python. `needed` marks those that build the named programs, in the necessary version.
 * @param missing missing programs; a name outside the toolchain needs neither.
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
 * Returns the programs that must be installed before these programs can be obtained and run: Go for one that has to be built; Python for
 * all that Python runs, even from the cache, because a virtual environment uses the Python that created it.
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
    // The program itself confirms the cache's entry: a virtual environment can be damaged and still look complete.
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
