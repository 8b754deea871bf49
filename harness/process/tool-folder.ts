import { randomUUID } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import type { Target } from '../model/target.ts';
import type { ToolName } from '../model/tools.ts';

/** What a script of the platform finds on its PATH, besides the system's own programs. */
const SCRIPT_TOOLS = ['nats', 'aws', 'kubectl', 'velero'] as const satisfies readonly ToolName[];

/** A folder for a script's PATH: the target's command lines, by their plain names. A target without one of them leaves it out. */
export async function makeToolFolder(target: Pick<Target, 'tool'>, workDir: string): Promise<string> {
  const folder = join(workDir, `.tools-${randomUUID()}`);
  await mkdir(folder);
  for (const tool of SCRIPT_TOOLS) {
    const path = optionalTool(target, tool);
    if (path !== undefined) await symlink(path, join(folder, tool));
  }
  return folder;
}

function optionalTool(target: Pick<Target, 'tool'>, tool: ToolName): string | undefined {
  try {
    return target.tool(tool);
  } catch (error) {
    if (error instanceof ExplainedError) return undefined;
    throw error;
  }
}
