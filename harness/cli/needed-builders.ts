import type { ToolName } from '../model/tools.ts';
import { localToolNames } from '../toolchain/tool-names.ts';
import type { CommandIo } from './command-io.ts';
import type { ToolchainOptions, ToolchainParts } from './toolchain-command.ts';

export interface BuilderParts extends Pick<ToolchainParts, 'neededTools'> {
  /** What has to be installed before these tools can be obtained. */
  neededBuilders(names: readonly ToolName[]): Promise<ReadonlySet<'go' | 'python'>>;
}

/**
 * `toolchain --builders`: prints `go=true` or `go=false`, and the same of Python, for a pipeline that installs them only where something has
 * to be built. The lines are what GitHub reads as outputs of a step, and a shell as variables.
 */
export async function runNeededBuilders(
  { all }: Pick<ToolchainOptions, 'all'>,
  { cwd, config, stdout, clock, signal }: CommandIo,
  parts: BuilderParts,
): Promise<0> {
  const step = { clock, signal, progress: () => undefined };
  // Programs of the docker target come out of its images.
  const { names = localToolNames } = all ? {} : await parts.neededTools(cwd, config, 'local', step);
  const builders = await parts.neededBuilders(names);
  for (const name of ['go', 'python'] as const) stdout.write(`${name}=${builders.has(name)}\n`);
  return 0;
}
