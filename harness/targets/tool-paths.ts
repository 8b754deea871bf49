import { access, constants } from 'node:fs/promises';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { Capability } from '../model/service.ts';
import type { Toolchain, ToolName } from '../model/target.ts';
import { commandLineNames } from '../registered/command-lines.ts';
import { providerOf } from '../registered/providers.ts';
import { toolNames } from '../toolchain/recipes.ts';

/** Returns the paths of the requested tools of the toolchain. A missing tool is reported when a caller needs it. */
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

/**
 * Returns the command lines of the providers of those parts.
 * @throws {ExplainedError} for one that is not an executable file of this machine.
 */
export async function broughtPaths(parts: ReadonlySet<Capability>): Promise<Record<ToolName, string>> {
  const paths: Record<ToolName, string> = {};
  for (const part of parts) {
    for (const [name, path] of Object.entries(providerOf(part)?.commandLines ?? {})) {
      await requireExecutable(part, name, path);
      paths[name] = path;
    }
  }
  return paths;
}

/** Returns those that programs of the platform find on their PATH. Leaves out those that the target lacks. */
export function commandLinesIn(toolPaths: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    commandLineNames().flatMap((name) => {
      const path = toolPaths[name];
      return path === undefined ? [] : [[name, path] as const];
    }),
  );
}

async function requireExecutable(part: Capability, name: string, path: string): Promise<void> {
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `command line ${name} of the provider of ${part}`,
        expected: `${path} to be an executable file`,
        observed: summaryOf(error),
        nextStep: 'Install the program, or correct its path in `commandLines` of the provider.',
      },
      { cause: error },
    );
  }
}
