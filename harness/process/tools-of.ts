import { ExplainedError } from '../model/errors.ts';
import type { Target, ToolName } from '../model/target.ts';

/** What a program of the platform finds on its PATH, besides the system's own programs. */
const PROGRAM_TOOLS = ['nats', 'aws', 'kubectl', 'velero'] as const satisfies readonly ToolName[];

/** The target's command lines by their plain names. A target without one of them leaves it out. */
export function toolsOf(target: Pick<Target, 'tool'>): Record<string, string> {
  return Object.fromEntries(
    PROGRAM_TOOLS.flatMap((tool) => {
      const path = optionalTool(target, tool);
      return path === undefined ? [] : [[tool, path] as const];
    }),
  );
}

function optionalTool(target: Pick<Target, 'tool'>, tool: ToolName): string | undefined {
  try {
    return target.tool(tool);
  } catch (error) {
    if (error instanceof ExplainedError) return undefined;
    throw error;
  }
}
