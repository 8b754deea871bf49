import type { ToolName } from '../model/target.ts';
import { programs } from './programs.ts';
import { providers } from './providers.ts';

/**
 * Returns the names of the command-line programs on the PATH of the platform's programs: those of the toolchain whose recipe says so, and
 * those of providers.
 */
export const commandLineNames = (): readonly ToolName[] => [
  ...programs.filter(({ onScriptsPath }) => onScriptsPath === true).map(({ name }) => name),
  ...providers().flatMap(({ commandLines = {} }) => Object.keys(commandLines)),
];
