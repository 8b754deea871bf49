import { join } from 'node:path';
import type { Answers, PipelineSystem } from './answers.ts';
import { readIfThere, shipped, type WrittenFile } from './written-files.ts';

const GITLAB = '.gitlab-ci.yml';
const GITLAB_INCLUDED = '.gitlab/disaster-recovery.gitlab-ci.yml';

/** The system whose pipelines a project seems to have: GitLab where there is its file, else GitHub. */
export async function likelyPipelineSystem(folder: string): Promise<PipelineSystem> {
  return (await readIfThere(join(folder, GITLAB))) === undefined ? 'github' : 'gitlab';
}

/** Files of a pipeline, and what its author has to do by hand. */
export interface PipelineFiles {
  readonly files: readonly WrittenFile[];
  readonly next: readonly string[];
}

/** GitLab reads one file only. A project that has it keeps it as it is; it has to include ours. */
export async function pipelineFiles(ci: Answers['ci'], folder: string): Promise<PipelineFiles> {
  if (ci === 'none') return { files: [], next: [] };
  if (ci === 'github') {
    const content = await shipped('templates/disaster-recovery.github.yml');
    const path = '.github/workflows/disaster-recovery.yml';
    return { files: [{ path, content, is: 'a pipeline for GitHub Actions' }], next: [] };
  }
  const content = await shipped('templates/disaster-recovery.gitlab-ci.yml');
  const pipeline = { path: GITLAB_INCLUDED, content, is: 'a pipeline for GitLab CI' };
  const own = await readIfThere(join(folder, GITLAB));
  if (own === undefined) {
    const including = {
      path: GITLAB,
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
