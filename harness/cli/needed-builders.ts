import type { TargetWish } from '../targets/wishes.ts';
import type { CommandIo } from './command-io.ts';
import type { NeededTools, ToolchainOptions } from './toolchain-command.ts';

export interface BuilderParts {
  /** What the contracts of a project need, on the target that a run takes. Fetches nothing. */
  neededTools(root: string, configFile: string | undefined, wish: TargetWish | undefined): Promise<NeededTools>;
  /** What has to be installed before these tools can be obtained. */
  neededBuilders(needed: NeededTools): Promise<ReadonlySet<'go' | 'python'>>;
}

/**
 * `toolchain --builders`: prints `go=true` or `go=false`, and the same of Python, for a pipeline that installs them only where something has
 * to be built. The lines are what GitHub reads as outputs of a step, and a shell as variables.
 */
export async function runNeededBuilders(
  { all, target }: Pick<ToolchainOptions, 'all' | 'target'>,
  { cwd, config, stdout }: CommandIo,
  parts: BuilderParts,
): Promise<0> {
  const needed = await parts.neededTools(cwd, config, target);
  const builders = await parts.neededBuilders(all ? { target: needed.target } : needed);
  for (const name of ['go', 'python'] as const) stdout.write(`${name}=${builders.has(name)}\n`);
  return 0;
}
