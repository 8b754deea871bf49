import { ExplainedError } from '../model/errors.ts';
import type { Toolchain, ToolName } from '../model/target.ts';
import { toolNames } from '../toolchain/recipes.ts';

/** Only what the toolchain was asked for: the others stay unknown until somebody needs them, and are named then. */
export function toolPathsOf(toolchain: Toolchain): Record<string, string> {
  const paths: Record<ToolName, string> = {};
  for (const name of toolNames) {
    try {
      paths[name] = toolchain.path(name);
    } catch (error) {
      if (!(error instanceof ExplainedError)) throw error;
    }
  }
  return paths;
}
