import type { BaseCommits } from '../evidence/gate/base-runs.ts';
import { ExplainedError } from '../model/errors.ts';
import { commitOf, git, gitIfAny } from '../process/git.ts';
import type { Environment } from '../reporting/terminal.ts';

// A pull request must not change the rules by which it is judged: policy and waivers are read from the branch that it is to be merged into.

/** How far back a run of the base branch is looked for. */
const MOST_COMMITS = 5_000;

/** The branch that a change is to be merged into. */
export interface BaseBranch {
  /** As git names it here, e.g. `origin/main`. */
  readonly ref: string;
  readonly commit: string;
  /** Reads its last commits. */
  history(): Promise<BaseCommits>;
  /** The text of a file there, named from the project's folder; undefined where there is none. */
  read(path: string): Promise<string | undefined>;
}

/** The name of the base branch: as the command line says it, or GitHub's or GitLab's pipeline of a pull request. */
export function baseNamed(environment: Environment, given?: string): string | undefined {
  const named = [given, environment.GITHUB_BASE_REF, environment.CI_MERGE_REQUEST_TARGET_BRANCH_NAME];
  return named.find((name) => name !== undefined && name !== '');
}

/**
 * Finds the base branch in the repository of a folder: the one of the remote first, because nobody updates a local one in a pipeline.
 * @throws {ExplainedError} when it was not fetched.
 */
export async function findBase(folder: string, name: string, signal: AbortSignal): Promise<BaseBranch> {
  for (const ref of [`refs/remotes/origin/${name}`, name]) {
    const commit = await commitOf(folder, ref, signal);
    if (commit === undefined) continue;
    const shown = ref.replace('refs/remotes/', '');
    return {
      ref: shown,
      commit,
      async history() {
        const listed = await git(folder, ['rev-list', `--max-count=${MOST_COMMITS}`, commit], signal);
        const isShallow = (await git(folder, ['rev-parse', '--is-shallow-repository'], signal)).trim() === 'true';
        return { ref: shown, commits: listed.split('\n').filter((each) => each !== ''), isShallow };
      },
      async read(path) {
        const there = `${commit}:./${path}`;
        const found = await gitIfAny(folder, ['cat-file', '-e', there], signal);
        return found === undefined ? undefined : await git(folder, ['show', there], signal);
      },
    };
  }
  throw new ExplainedError({
    thing: `base branch ${name}`,
    expected: 'to be in this checkout, because policy and waivers are read from it',
    observed: `git knows neither origin/${name} nor ${name} here`,
    nextStep: `Fetch it: git fetch --depth=1 origin ${name}:refs/remotes/origin/${name}`,
  });
}
