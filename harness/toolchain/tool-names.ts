import type { ToolName } from '../model/tools.ts';
import { programs } from '../registered/programs.ts';

/** Every program that the toolchain has a recipe for. */
export const toolNames: readonly ToolName[] = programs.map(({ name }) => name);

/** Of the docker target alone. */
export const dockerToolNames: readonly ToolName[] = programs
  .filter(({ onlyOn }) => onlyOn === 'docker')
  .map(({ name }) => name);

/** What the local target runs and is used with. */
export const localToolNames: readonly ToolName[] = toolNames.filter((name) => !dockerToolNames.includes(name));
