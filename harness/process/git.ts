import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { usersHome } from './private-home.ts';
import { runCommand } from './run.ts';

// What git knows of a project. The user's own settings apply, because a runner may have to declare the folder safe there.

/** Runs git in a folder and returns what it wrote. @throws {ExplainedError} when it exits other than 0, or there is no git. */
export async function git(folder: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const command = { name: `git ${args[0] ?? ''}`.trim(), file: 'git', args, cwd: folder, env: usersHome() };
  return (await runCommand(command, signal)).stdout;
}

/** As {@link git}; undefined when it exits other than 0, such as for a thing that is not there, or outside of a repository. */
export async function gitIfAny(
  folder: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await git(folder, args, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

/** The commit of a name such as `HEAD`, `main` or `1a2b3c4`; undefined where the repository knows none of that name. */
export async function commitOf(folder: string, name: string, signal: AbortSignal): Promise<string | undefined> {
  const found = await gitIfAny(
    folder,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
    signal,
  );
  return found?.trim();
}

/** What is checked out. Outside of a repository both are null. */
export interface GitState {
  readonly commit: string | null;
  /** True when a tracked file was changed since. */
  readonly dirty: boolean | null;
}

export async function gitState(folder: string, signal: AbortSignal): Promise<GitState> {
  const commit = await commitOf(folder, 'HEAD', signal);
  const changes = await gitIfAny(folder, ['status', '--porcelain', '--untracked-files=no'], signal);
  if (commit === undefined || changes === undefined) return { commit: null, dirty: null };
  return { commit, dirty: changes.trim() !== '' };
}

/**
 * Those of some files of a folder, named from it, whose content HEAD does not hold: changed, not tracked, or ignored. None outside of a
 * repository. Files that lie outside of it, such as a platform in another one, are not looked at.
 */
export async function uncommittedAmong(
  folder: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const top = (await gitIfAny(folder, ['rev-parse', '--show-toplevel'], signal))?.trim();
  if (top === undefined || (await commitOf(folder, 'HEAD', signal)) === undefined) return [];
  const place = realpathSync(folder);
  const named = [...new Set(paths)].map((path) => ({ path, name: relative(top, resolve(place, path)) }));
  const inside = named.filter(({ name }) => name !== '..' && !name.startsWith('../'));
  const listed = async (command: readonly string[]): Promise<ReadonlySet<string>> => {
    const found: string[] = [];
    // Only these files are looked at: a repository may be large. A command line has a limit, too.
    for (const some of batches(inside)) {
      const names = some.map(({ name }) => name);
      found.push(...(await git(top, ['--literal-pathspecs', ...command, '--', ...names], signal)).split('\0'));
    }
    return new Set(found);
  };
  const changed = await listed(['diff', '--name-only', '-z', 'HEAD']);
  const tracked = await listed(['ls-files', '-z']);
  return inside.filter(({ name }) => changed.has(name) || !tracked.has(name)).map(({ path }) => path);
}

const BATCH = 200;

function batches<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) =>
    all.slice(index * BATCH, (index + 1) * BATCH),
  );
}
