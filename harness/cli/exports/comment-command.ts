import { exportRun } from '../../evidence/exports/write-export.ts';
import { type PullRequest, writeComment } from '../../evidence/notify/pull-request-comment.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Environment } from '../../reporting/terminal.ts';
import type { CommandIo } from '../command-io.ts';
import type { CommentOptions } from './evidence-options.ts';
import { waiversOf } from './export-command.ts';
import { findRun } from './find-run.ts';

/**
 * Writes the results of a run into one comment on the pull request, which the next run edits. A comment that GitHub does not take is
 * reported on stderr, and is no failure.
 * @throws {ExplainedError} when there is no token or no run.
 */
export async function runComment(options: CommentOptions, io: CommandIo): Promise<0> {
  const number = options.pull ?? pullIn(io.environment);
  if (number === undefined) {
    io.stderr.write('This is no pull request, so there is nothing to comment on (--pull names one).\n');
    return 0;
  }
  const pull = pullRequest(number, io);
  const run = await findRun(options.run ?? 'last', options.ledger, io);
  const waivers = await waiversOf(options, io);
  const body = [...exportRun('github-comment', run, waivers, Date.parse(io.clock.now().utc))].join('');
  const commented = await writeComment(pull, body, io.signal);
  io.stderr.write(
    'done' in commented
      ? `The comment on pull request ${number} was ${commented.done}.\n`
      : `The comment on pull request ${number} was not written: ${commented.problem}\n`,
  );
  return 0;
}

/** `refs/pull/12/merge`, as GitHub Actions sets it for a pull request. */
function pullIn({ GITHUB_REF = '' }: Environment): number | undefined {
  const [, digits] = /^refs\/pull\/(\d+)\//.exec(GITHUB_REF) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function pullRequest(number: number, { environment, secrets }: CommandIo): PullRequest {
  const { GITHUB_TOKEN: token = '', GITHUB_REPOSITORY: repository = '' } = environment;
  const missing =
    token === '' ? 'GITHUB_TOKEN' : /^[\w.-]+\/[\w.-]+$/.test(repository) ? undefined : 'GITHUB_REPOSITORY';
  if (missing !== undefined) {
    throw new ExplainedError({
      thing: 'comment',
      expected: missing === 'GITHUB_TOKEN' ? 'a token in $GITHUB_TOKEN' : 'owner/name in $GITHUB_REPOSITORY',
      observed: 'there is none',
      nextStep:
        missing === 'GITHUB_TOKEN'
          ? `Add \`env: { GITHUB_TOKEN: $\{{ github.token }} }\` to the step.`
          : 'Run it in GitHub Actions, or set the variable.',
    });
  }
  secrets?.add(token, 'GITHUB_TOKEN');
  return { apiUrl: environment['GITHUB_API_URL'] || 'https://api.github.com', repository, number, token };
}
