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
