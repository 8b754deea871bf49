import { join } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
import { usersHome } from '../../process/private-home.ts';
import { type CommandResult, runCommand } from '../../process/run.ts';

/** Environment variables that tell docker's command line and kind which daemon to use. */
const DAEMON_VARIABLES = [
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  'DOCKER_API_VERSION',
] as const;

/**
 * Returns the part of this process's environment that a program needs to find the same daemon. Contexts and registry logins lie in docker's
 * own folder; the result names it because the program has nothing else of the user's home.
 */
export function daemonEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const given = DAEMON_VARIABLES.flatMap((name) => {
    const value = environment[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return { DOCKER_CONFIG: join(usersHome(environment).HOME, '.docker'), ...Object.fromEntries(given) };
}

/** Runs the docker command line. @throws {ExplainedError} when it is not installed or exits other than 0. */
export async function docker(args: readonly string[], signal: AbortSignal): Promise<CommandResult> {
  return await runCommand(
    { name: `docker ${args.slice(0, 2).join(' ')}`, file: 'docker', args, env: daemonEnvironment() },
    signal,
  );
}

/** Returns the lines of its output, without empty ones. */
export async function dockerLines(args: readonly string[], signal: AbortSignal): Promise<string[]> {
  const { stdout } = await docker(args, signal);
  return stdout.split('\n').filter((line) => line.trim() !== '');
}

/** Awaits a removal. Accepts that another process has removed the object already, or is removing it now. */
export async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const observed = error instanceof ExplainedError ? error.explanation.observed : '';
    if (!/no such (container|volume|network)|not found|already in progress/i.test(observed)) throw error;
  }
}
