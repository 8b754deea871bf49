import { join, posix, relative } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
import { findConfiguration } from '../../project/config.ts';
import { isPolicyThere } from '../../project/gate-files.ts';
import { renderColumns } from '../../reporting/columns.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import type { CommandIo } from '../command-io.ts';
import type { Answers, PipelineSystem } from './answers.ts';
import type { InitOptions } from './init-options.ts';
import { findRepository, type Repository } from './repository.ts';
import { policyFile, readIfThere, shipped, type WrittenFile, writeFileOf } from './written-files.ts';

const GITHUB = '.github/workflows/disaster-recovery.yml';
const GITLAB = '.gitlab-ci.yml';
const GITLAB_INCLUDED = '.gitlab/disaster-recovery.gitlab-ci.yml';

/** Returns the probable pipeline system of a repository: GitLab where its file exists, else GitHub. */
export async function likelyPipelineSystem(folder: string): Promise<PipelineSystem> {
  const { root } = await findRepository(folder);
  return (await readIfThere(join(root, GITLAB))) === undefined ? 'github' : 'gitlab';
}

/** Files of a pipeline, and the steps left to its author. */
interface PipelineFiles {
  readonly files: readonly WrittenFile[];
  readonly next: readonly string[];
}

/**
 * Returns the files of a pipeline in the root of the repository, where GitHub and GitLab look for them, for the project in `folder`. GitLab
 * reads one file only. An existing one is kept; it has to include the new file.
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
    // setup-node asks the package manager for its cache, so the package manager must be installed before.
    [
      '      - uses: actions/setup-node@',
      `${manager === 'npm' ? '' : '      - run: corepack enable\n'}      - uses: actions/setup-node@`,
    ],
    ['cache: npm', `cache: ${manager}${lock}`],
    ['run: npm ci', `run: ${commands.install}`],
    ['npx dr-contracts', `${commands.exec} dr-contracts`],
    // Steps that use an action ignore the working directory.
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

/** @throws {ExplainedError} where the template no longer contains the text to replace. */
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

/**
 * Returns the pipeline that `init --ci` adds to an existing project: no other option is given, and there is a configuration. Undefined
 * where a project has to be made.
 */
export async function pipelineToAdd(
  { answers, ownScripts }: InitOptions,
  cwd: string,
): Promise<PipelineSystem | undefined> {
  const { ci, ...others } = answers;
  const isAlone = ownScripts === undefined && Object.values(others).every((value) => value === undefined);
  if (ci === undefined || ci === 'none' || !isAlone) return undefined;
  return (await findConfiguration(cwd)) === undefined ? undefined : ci;
}

/** Writes the pipeline and, where there is none, the policy of its gate. Leaves a file with other content alone, unless forced. */
export async function addPipeline(
  ci: PipelineSystem,
  { force, extension }: { readonly force: boolean; readonly extension: 'ts' | 'mts' },
  io: CommandIo,
): Promise<0> {
  const { cwd, stdout, environment } = io;
  const pipeline = await pipelineFiles(ci, cwd);
  const rows: string[][] = [];
  const leftAlone: string[] = [];
  const place = async (file: WrittenFile, mayReplace: boolean) => {
    const there = await readIfThere(join(cwd, file.path));
    const isOther = there !== undefined && there !== file.content;
    if (there === undefined || (isOther && mayReplace)) {
      await writeFileOf(cwd, file, there === undefined);
      rows.push([file.path, there === undefined ? 'written' : 'replaced', file.is]);
    } else {
      rows.push([file.path, isOther ? 'left alone' : 'was there', file.is]);
      if (isOther) leftAlone.push(file.path);
    }
  };
  for (const file of pipeline.files) await place(file, force);
  const policy = await policyFile(extension);
  if (await isPolicyThere({ folder: cwd, base: undefined })) rows.push(['policy of the gate', 'left alone', policy.is]);
  else await place(policy, false);
  const replace = leftAlone.map(
    (path) => `${path} has other content and was left alone; --force replaces it with the pipeline of this version`,
  );
  const next = [...replace, ...pipeline.next];
  const table = renderColumns(['file', 'state', 'is'], rows, traitsOf(stdout, environment));
  const rest = next.length === 0 ? '' : `\n\nNext:\n${next.map((line) => `  ${line}`).join('\n')}`;
  stdout.write(
    `There is a configuration, so only the pipeline was added. Contracts, scripts and package.json were left alone.\n\n${table}${rest}\n`,
  );
  return 0;
}
