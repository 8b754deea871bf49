import { userInfo } from 'node:os';
import type { Environment } from '../reporting/terminal.ts';

/** Who or what started the run, for the record: `DR_CONTRACTS_TRIGGER`, a pipeline, or the user. */
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

/** The name of the user, or the number where there is no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // A container may run under a user id that has no name.
    if (error instanceof Error && 'code' in error) return String(process.getuid?.() ?? 'unknown');
    throw error;
  }
}
