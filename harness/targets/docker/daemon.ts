import { z } from 'zod';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { isVersionAtLeast } from '../../model/text.ts';
import { docker } from './docker-command.ts';

const serverSchema = z.object({ Version: z.string(), ApiVersion: z.string(), Os: z.string(), Arch: z.string() });

export interface Daemon {
  readonly version: string;
  readonly apiVersion: string;
}

/** The oldest API that testcontainers 12 and kind 0.33 speak without reservations (Docker 20.10). */
export const MINIMUM_API_VERSION = '1.41';
const ANSWER_BUDGET_MS = 10_000;

/** Returns the daemon that answers, or the reason in one phrase why none does. Starts nothing. */
export async function inspectDaemon(signal: AbortSignal): Promise<Daemon | { readonly problem: string }> {
  // A daemon that accepts connections but never answers must not block a run that does not depend on it.
  const budget = AbortSignal.timeout(ANSWER_BUDGET_MS);
  try {
    const { stdout } = await docker(['version', '--format', '{{json .Server}}'], AbortSignal.any([signal, budget]));
    const server = serverSchema.parse(JSON.parse(stdout));
    if (server.Os !== 'linux') return { problem: `the daemon runs ${server.Os} containers, not Linux ones` };
    if (!isVersionAtLeast(server.ApiVersion, MINIMUM_API_VERSION)) {
      return { problem: `its API is ${server.ApiVersion}, older than ${MINIMUM_API_VERSION}` };
    }
    return { version: server.Version, apiVersion: server.ApiVersion };
  } catch (error) {
    signal.throwIfAborted();
    if (budget.aborted) return { problem: `the daemon did not answer within ${ANSWER_BUDGET_MS / 1_000} s` };
    return { problem: problemOf(error) };
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof ExplainedError)) return summaryOf(error);
  const { observed } = error.explanation;
  return observed.includes('ENOENT') ? 'no docker is on PATH' : (observed.split(' / ')[0] ?? observed);
}
