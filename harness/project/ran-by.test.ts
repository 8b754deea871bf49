import { describe, expect, it } from 'vitest';
import { describeRanBy } from './ran-by.ts';

describe('who or what ran', () => {
  it.each([
    [
      'GitHub Actions',
      {
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKFLOW: 'dr',
        GITHUB_JOB: 'drill',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'acme/platform',
        GITHUB_RUN_ID: '7',
        GITHUB_ACTOR: 'ada',
      },
      {
        pipeline: 'GitHub Actions: dr / drill',
        runUrl: 'https://github.com/acme/platform/actions/runs/7',
        actor: 'ada',
      },
    ],
    [
      'a re-run on GitHub by somebody else',
      { GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'ada', GITHUB_TRIGGERING_ACTOR: 'grace' },
      { pipeline: 'GitHub Actions', runUrl: null, actor: 'grace' },
    ],
    [
      'GitLab',
      {
        GITLAB_CI: 'true',
        CI: 'true',
        CI_JOB_STAGE: 'test',
        CI_JOB_NAME: 'drill',
        CI_JOB_URL: 'https://gitlab.example/j/1',
        GITLAB_USER_LOGIN: 'ada',
      },
      { pipeline: 'GitLab CI: test / drill', runUrl: 'https://gitlab.example/j/1', actor: 'ada' },
    ],
    [
      'Azure Pipelines',
      {
        TF_BUILD: 'True',
        BUILD_DEFINITIONNAME: 'dr',
        AGENT_JOBNAME: 'drill',
        SYSTEM_COLLECTIONURI: 'https://dev.azure.com/acme/',
        SYSTEM_TEAMPROJECT: 'my platform',
        BUILD_BUILDID: '9',
        BUILD_REQUESTEDFOR: 'Ada L',
      },
      {
        pipeline: 'Azure Pipelines: dr / drill',
        runUrl: 'https://dev.azure.com/acme/my%20platform/_build/results?buildId=9',
        actor: 'Ada L',
      },
    ],
    [
      'Jenkins',
      { JENKINS_URL: 'x', JOB_NAME: 'dr', BUILD_URL: 'https://ci:token@jenkins.example/job/dr/7/' },
      { pipeline: 'Jenkins: dr', runUrl: 'https://jenkins.example/job/dr/7/', actor: null },
    ],
    ['a pipeline that nobody knows', { CI: '1' }, { pipeline: 'a pipeline (CI is set)', runUrl: null, actor: null }],
    ['a person at a shell', {}, { pipeline: null, runUrl: null, actor: null }],
  ])('%s: what its variables say, and nothing else', (_what, environment, expected) => {
    const user: unknown = expect.any(String);
    expect(describeRanBy(environment, 'runner-3')).toEqual({ host: 'runner-3', user, ...expected });
  });
});
