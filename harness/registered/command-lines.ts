import type { ToolName } from '../model/target.ts';
import { programs } from './programs.ts';
import { providers } from './providers.ts';

/**
 * The names of the command lines that programs of the platform find on their PATH: those programs of the toolchain whose recipe says so, and
 * those that a provider brings along.
 */
export const commandLineNames = (): readonly ToolName[] => [
  ...programs.filter(({ onScriptsPath }) => onScriptsPath === true).map(({ name }) => name),
  ...providers().flatMap(({ commandLines = {} }) => Object.keys(commandLines)),
];
