import { systemClock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { toolNames } from '../model/tools.ts';
import { findAllBuilders } from './builders.ts';
import { cacheEntryOf, cacheRoot } from './cache-folder.ts';
import { lookForTool, type Whereabouts } from './locate.ts';
import { isPromised, isRefusal, type ReadyMade } from './ready-made.ts';
import { type Recipe, recipes } from './recipes.ts';
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
  return Promise.all(toolNames.map(async (name) => inspectTool(recipes[name], root, where)));
}

/** Go and Python: needed only while a program is missing. */
export async function inspectBuilders(): Promise<readonly ToolStatus[]> {
  const builders = await findAllBuilders(whereabouts());
  return builders.map(({ name, wantedVersion, path, version, problem, fix }) => ({
    name,
    wantedVersion,
    ...(version === undefined ? {} : { foundVersion: version }),
    ...(path === undefined ? {} : { path, source: 'path' }),
    ...(problem === undefined ? {} : { missing: problem, fix }),
  }));
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
