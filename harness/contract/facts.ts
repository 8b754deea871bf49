import { createRequire } from 'node:module';
import { arch, availableParallelism, platform, totalmem } from 'node:os';
import { z } from 'zod';
import type { RunFacts } from '../drill/new-record.ts';
import { gitState } from '../process/git.ts';
import { platformFolder } from '../process/platform-folder.ts';

const packageSchema = z.object({ version: z.string() });

/**
 * Gathers the facts of every record of a run: where, and from which state, it was made. Outside a git checkout the commit is null.
 * @param folder the project's folder.
 */
export async function gatherFacts(
  run: Pick<RunFacts, 'runId' | 'trigger' | 'ranBy' | 'concurrentDrills'>,
  signal: AbortSignal,
  folder = platformFolder(),
): Promise<RunFacts> {
  const { version } = packageSchema.parse(createRequire(import.meta.url)('../../package.json'));
  const git = await gitState(folder, signal);
  return {
    ...run,
    harnessVersion: version,
    ...git,
    host: { platform: platform(), arch: arch(), cpus: availableParallelism(), memoryBytes: totalmem() },
    node: process.version,
  };
}
