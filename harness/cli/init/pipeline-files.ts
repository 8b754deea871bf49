import { join, posix, relative } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
import type { Answers, PipelineSystem } from './answers.ts';
import { findRepository, type Repository } from './repository.ts';
import { readIfThere, shipped, type WrittenFile } from './written-files.ts';

const GITHUB = '.github/workflows/disaster-recovery.yml';
const GITLAB = '.gitlab-ci.yml';
const GITLAB_INCLUDED = '.gitlab/disaster-recovery.gitlab-ci.yml';

/** The system whose pipelines a repository seems to have: GitLab where there is its file, else GitHub. */
export async function likelyPipelineSystem(folder: string): Promise<PipelineSystem> {
  const { root } = await findRepository(folder);
  return (await readIfThere(join(root, GITLAB))) === undefined ? 'github' : 'gitlab';
}

/** Files of a pipeline, and what its author has to do by hand. */
export interface PipelineFiles {
  readonly files: readonly WrittenFile[];
  readonly next: readonly string[];
}

/**
 * The files of a pipeline in the root of the repository, where GitHub and GitLab look for them, for the project in `folder`. GitLab reads
 * one file only. A repository that has it keeps it as it is; it has to include ours.
 */
export async function pipelineFiles(ci: Answers['ci'], folder: string): Promise<PipelineFiles> {
  if (ci === 'none') return { files: [], next: [] };
  const repository = await findRepository(folder);
  const fromFolder = (path: string) => relative(folder, join(repository.root, path));
  if (ci === 'github') {
    const content = forGithub(await shipped('templates/disaster-recovery.github.yml'), repository);
    return { files: [{ path: fromFolder(GITHUB), content, is: 'a pipeline for GitHub Actions' }], next: [] };
  }
  const content = forGitlab(await shipped('templates/disaster-recovery.gitlab-ci.yml'), repository);
  const pipeline = { path: fromFolder(GITLAB_INCLUDED), content, is: 'a pipeline for GitLab CI' };
  const own = await readIfThere(join(repository.root, GITLAB));
  if (own === undefined) {
    const including = {
      path: fromFolder(GITLAB),
      content: `include:\n  - local: ${GITLAB_INCLUDED}\n`,
      is: 'includes that pipeline',
    };
    return { files: [pipeline, including], next: [] };
  }
  const isIncluded = own.includes(GITLAB_INCLUDED);
  return {
    files: [pipeline],
    next: isIncluded ? [] : [`add to ${GITLAB}:   include: [{ local: ${GITLAB_INCLUDED} }]`],
  };
}

function forGithub(template: string, { within, manager, lockFile, mainBranches, commands }: Repository): string {
  const reports = posix.join(within, 'reports/');
  const lock = posix.basename(lockFile) === lockFile ? '' : `\n          cache-dependency-path: ${lockFile}`;
  return replaced(template, [
    ['branches: [main]', `branches: [${mainBranches.join(', ')}]`],
    ['    shell: bash\n', within === '' ? '    shell: bash\n' : `    shell: bash\n    working-directory: ${within}\n`],
    // setup-node asks the package manager for its cache, so it has to be there before.
    [
      '      - uses: actions/setup-node@',
      `${manager === 'npm' ? '' : '      - run: corepack enable\n'}      - uses: actions/setup-node@`,
    ],
    ['cache: npm', `cache: ${manager}${lock}`],
    ['run: npm ci', `run: ${commands.install}`],
    ['npx dr-contracts', `${commands.exec} dr-contracts`],
    // Steps that use an action know nothing of the working directory.
    ['path: reports/', `path: ${reports}`],
  ]);
}

function forGitlab(template: string, { within, manager, lockFile, commands }: Repository): string {
  const steps = [
    ...(within === '' ? [] : [`cd ${within}`]),
    ...(manager === 'npm' ? [] : ['corepack enable']),
    commands.install,
  ];
  const inFolder = (path: string) => posix.join(within, path);
  return replaced(template, [
    ['files: [package-lock.json]', `files: [${lockFile}]`],
    ['    - npm ci', steps.map((step) => `    - ${step}`).join('\n')],
    ['npx dr-contracts', `${commands.exec} dr-contracts`],
    ['paths: [reports/]', `paths: [${inFolder('reports/')}]`],
    ['exclude: [reports/', `exclude: [${inFolder('reports/')}`],
    ['junit: reports/', `junit: ${inFolder('reports/')}`],
    ['codequality: reports/', `codequality: ${inFolder('reports/')}`],
  ]);
}

/** @throws {ExplainedError} where the template no longer says what has to be replaced. */
function replaced(template: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((text, [from, to]) => {
    if (text.includes(from)) return text.replaceAll(from, () => to);
    throw new ExplainedError({
      thing: 'template of the pipeline',
      expected: `"${from.trim()}" in it`,
      observed: 'it is not there',
      nextStep: 'Correct the template, or what init replaces in it.',
    });
  }, template);
}
