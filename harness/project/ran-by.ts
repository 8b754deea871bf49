import { hostname, userInfo } from 'node:os';
import type { RanBy } from '../model/audit.ts';
import type { Environment } from '../reporting/terminal.ts';

interface Pipeline {
  readonly name: string;
  /** Variable that identifies it. */
  readonly by: string;
  /** Variables that form the name of the job, e.g. workflow and job. */
  readonly job: readonly string[];
  readonly runUrl: (environment: Environment) => string | undefined;
  readonly actor: readonly string[];
}

const at =
  (...names: readonly string[]) =>
  (environment: Environment): string | undefined => {
    const values = names.map((name) => environment[name] ?? '');
    return values.includes('') ? undefined : values.join('');
  };

/** Documented variables of pipelines, each with its source. */
const PIPELINES: readonly Pipeline[] = [
  {
    // https://docs.github.com/actions/reference/workflows-and-actions/variables
    name: 'GitHub Actions',
    by: 'GITHUB_ACTIONS',
    job: ['GITHUB_WORKFLOW', 'GITHUB_JOB'],
    runUrl: ({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run }) =>
      server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined,
    actor: ['GITHUB_TRIGGERING_ACTOR', 'GITHUB_ACTOR'],
  },
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  {
    name: 'GitLab CI',
    by: 'GITLAB_CI',
    job: ['CI_JOB_STAGE', 'CI_JOB_NAME'],
    runUrl: at('CI_JOB_URL'),
    actor: ['GITLAB_USER_LOGIN'],
  },
  // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables, and the build-user-vars plug-in
  { name: 'Jenkins', by: 'JENKINS_URL', job: ['JOB_NAME'], runUrl: at('BUILD_URL'), actor: ['BUILD_USER_ID'] },
  // https://buildkite.com/docs/pipelines/configure/environment-variables
  {
    name: 'Buildkite',
    by: 'BUILDKITE',
    job: ['BUILDKITE_PIPELINE_SLUG', 'BUILDKITE_LABEL'],
    runUrl: at('BUILDKITE_BUILD_URL'),
    actor: ['BUILDKITE_BUILD_CREATOR', 'BUILDKITE_UNBLOCKER'],
  },
  // https://circleci.com/docs/reference/variables/
  { name: 'CircleCI', by: 'CIRCLECI', job: ['CIRCLE_JOB'], runUrl: at('CIRCLE_BUILD_URL'), actor: ['CIRCLE_USERNAME'] },
  {
    // https://learn.microsoft.com/azure/devops/pipelines/build/variables
    name: 'Azure Pipelines',
    by: 'TF_BUILD',
    job: ['BUILD_DEFINITIONNAME', 'AGENT_JOBNAME'],
    runUrl: ({ SYSTEM_COLLECTIONURI: collection, SYSTEM_TEAMPROJECT: project, BUILD_BUILDID: id }) =>
      collection && project && id
        ? `${collection.replace(/\/$/, '')}/${encodeURIComponent(project)}/_build/results?buildId=${id}`
        : undefined,
    actor: ['BUILD_REQUESTEDFOR'],
  },
  {
    // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
    name: 'Bitbucket Pipelines',
    by: 'BITBUCKET_BUILD_NUMBER',
    job: ['BITBUCKET_REPO_FULL_NAME'],
    runUrl: ({ BITBUCKET_GIT_HTTP_ORIGIN: origin, BITBUCKET_BUILD_NUMBER: number }) =>
      origin && number ? `${origin}/pipelines/results/${number}` : undefined,
    actor: ['BITBUCKET_STEP_TRIGGERER_UUID'],
  },
];

/** Returns the person or pipeline that started a run, from the machine and the pipeline's variables. Guesses nothing. */
export function describeRanBy(environment: Environment, host = hostname()): RanBy {
  const pipeline = PIPELINES.find(({ by }) => (environment[by] ?? '') !== '');
  const job = (pipeline?.job ?? []).flatMap((name) => environment[name] || []).join(' / ');
  const named = pipeline === undefined ? null : job === '' ? pipeline.name : `${pipeline.name}: ${job}`;
  return {
    host,
    user: userName() || null,
    pipeline: named ?? ((environment['CI'] ?? '') === '' ? null : 'a pipeline (CI is set)'),
    runUrl: withoutCredentials(pipeline?.runUrl(environment)),
    actor: (pipeline?.actor ?? []).map((name) => environment[name]).find((value) => value) ?? null,
  };
}

/** Removes the user and the password that a server's own address may contain (`https://ci:token@…`): they must not be recorded. */
function withoutCredentials(address: string | undefined): string | null {
  const url = address === undefined ? null : URL.parse(address);
  if (address === undefined || url === null || (url.username === '' && url.password === '')) return address ?? null;
  url.username = '';
  url.password = '';
  return url.href;
}

/** Returns the trigger of a run for the record: `DR_CONTRACTS_TRIGGER`, a pipeline, or the user. */
export function describeTrigger(environment: Environment): string {
  const given = environment.DR_CONTRACTS_TRIGGER ?? '';
  if (given !== '') return given;
  if ((environment.CI ?? '') !== '') return `pipeline${pipelineJob(environment)}`;
  return `user ${userName()}`;
}

function pipelineJob(environment: Environment): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: runId } = environment;
  return server && repository && runId ? ` ${server}/${repository}/actions/runs/${runId}` : '';
}

/** Returns the name of the user, or the number where there is no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // A container may run under a user id without a name.
    if (error instanceof Error && 'code' in error) return String(process.getuid?.() ?? 'unknown');
    throw error;
  }
}
