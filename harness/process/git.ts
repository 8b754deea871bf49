import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, parse, relative, resolve, sep } from 'node:path';
import { usersHome } from './private-home.ts';
import { runCommand } from './run.ts';

// Queries to git about a project. The user's own settings apply, because a runner may have to declare the folder safe there.

/** Runs git in a folder and returns its output. @throws {ExplainedError} when its exit code is not 0, or git is missing. */
export async function git(folder: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const command = { name: `git ${args[0] ?? ''}`.trim(), file: 'git', args, cwd: folder, env: usersHome() };
  return (await runCommand(command, signal)).stdout;
}

/** Does the same as {@link git}, but returns undefined when the exit code is not 0, such as for a missing thing or outside a repository. */
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

/** Returns the commit of a name such as `HEAD`, `main` or `1a2b3c4`; undefined if the repository does not know the name. */
export async function commitOf(folder: string, name: string, signal: AbortSignal): Promise<string | undefined> {
  const found = await gitIfAny(
    folder,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
    signal,
  );
  return found?.trim();
}

/** State of the checkout. Both fields are null outside a repository. */
interface GitState {
  readonly commit: string | null;
  /** True when a tracked file has changed since the commit. */
  readonly dirty: boolean | null;
}

export async function gitState(folder: string, signal: AbortSignal): Promise<GitState> {
  const commit = await commitOf(folder, 'HEAD', signal);
  const changes = await gitIfAny(folder, ['status', '--porcelain', '--untracked-files=no'], signal);
  if (commit === undefined || changes === undefined) return { commit: null, dirty: null };
  return { commit, dirty: changes.trim() !== '' };
}

/** A file, a symbolic link or a submodule, relative to the top of the repository that has to hold it. */
interface Held {
  readonly top: string;
  readonly name: string;
}

interface Repository {
  readonly top: string;
  /** The repository of which this one is a submodule. */
  readonly parent: string | undefined;
}

/**
 * Returns those of the given files of a folder whose content HEAD does not hold: changed, untracked or ignored ones. Paths are relative to
 * the folder. Returns none outside a repository. A file behind a symbolic link counts with the link; a file of a submodule counts with the
 * commit of the submodule that HEAD names. Files outside the repository, such as a platform in another one, are skipped.
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
  const repositories = repositoriesBelow(top, signal);
  const named: { path: string; held: readonly Held[] }[] = [];
  for (const path of new Set(paths)) {
    named.push({ path, held: await heldFor(resolve(place, path), top, repositories) });
  }
  const uncommitted = new Set<string>();
  const wanted = named.flatMap(({ held }) => held);
  for (const [repository, held] of Map.groupBy(wanted, (one) => one.top)) {
    const names = [...new Set(held.map(({ name }) => name))];
    for (const name of await uncommittedIn(repository, names, signal)) uncommitted.add(join(repository, name));
  }
  return named
    .filter(({ held }) => held.some(({ top: repository, name }) => uncommitted.has(join(repository, name))))
    .map(({ path }) => path);
}

type RepositoryOf = (folder: string) => Promise<Repository | undefined>;

/**
 * Returns the things that have to be committed for the content of a path: the links on the way, the file itself, and the submodules that
 * hold it.
 */
async function heldFor(path: string, top: string, repositoryOf: RepositoryOf): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (const part of [...linksOn(path), existing(path)]) {
    if (!isBelow(top, part)) continue;
    let at = part;
    let repository = await repositoryOf(dirname(at));
    while (repository?.parent !== undefined && repository.top !== top) {
      held.push({ top: repository.top, name: relative(repository.top, at) });
      at = repository.top;
      repository = await repositoryOf(repository.parent);
    }
    // A repository that is not a submodule of this one holds nothing for it.
    held.push(repository?.top === top ? { top, name: relative(top, at) } : { top, name: relative(top, part) });
  }
  return held;
}

/** Returns every symbolic link on the way from the root to the file. For a missing path it stops at the first missing part. */
function linksOn(path: string): readonly string[] {
  const links: string[] = [];
  const { root } = parse(path);
  const pending = path.slice(root.length).split(sep);
  let at: string = root;
  while (pending.length > 0 && links.length < MOST_LINKS) {
    const next = join(at, pending.shift() ?? '');
    if (lstatSync(next, { throwIfNoEntry: false })?.isSymbolicLink() !== true) {
      at = next;
      continue;
    }
    links.push(next);
    const target = resolve(at, readlinkSync(next));
    pending.unshift(...target.slice(root.length).split(sep));
    at = root;
  }
  return links;
}

/** Limit of Linux. */
const MOST_LINKS = 40;

function existing(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // A missing file is not committed either; git reports it.
    return path;
  }
}

const isBelow = (top: string, path: string): boolean => path.startsWith(`${top}${sep}`);

function repositoriesBelow(top: string, signal: AbortSignal): RepositoryOf {
  const known = new Map<string, Promise<Repository | undefined>>([[top, Promise.resolve({ top, parent: undefined })]]);
  const ask = async (folder: string): Promise<Repository | undefined> => {
    const answer = await gitIfAny(folder, ['rev-parse', '--show-toplevel', '--show-superproject-working-tree'], signal);
    const [own, parent] = (answer ?? '').trim().split('\n');
    return own === undefined || own === '' ? undefined : { top: own, parent };
  };
  return (folder) => {
    const found = known.get(folder) ?? ask(folder);
    known.set(folder, found);
    return found;
  };
}

async function uncommittedIn(top: string, names: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const listed = async (command: readonly string[]): Promise<ReadonlySet<string>> => {
    const found: string[] = [];
    // git checks only these files, because a repository may be large. They come in batches, because a command line has a limit.
    for (const some of batches(names)) {
      found.push(...(await git(top, ['--literal-pathspecs', ...command, '--', ...some], signal)).split('\0'));
    }
    return new Set(found);
  };
  // The files of a submodule have a query of their own; here only its commit counts.
  const changed = await listed(['diff', '--name-only', '--ignore-submodules=dirty', '-z', 'HEAD']);
  const tracked = await listed(['ls-files', '-z']);
  return names.filter((name) => changed.has(name) || !tracked.has(name));
}

const BATCH = 200;

function batches<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) =>
    all.slice(index * BATCH, (index + 1) * BATCH),
  );
}
