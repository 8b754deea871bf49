import { ExplainedError } from '../model/errors.ts';
import type { ToolName } from '../model/target.ts';
import { programs } from '../registered/programs.ts';
import type { Recipe } from '../registered/recipe.ts';

const byName: ReadonlyMap<ToolName, Recipe> = new Map(programs.map((recipe) => [recipe.name, recipe]));

/** Returns the recipe of a program. @throws {ExplainedError} for one that no system has registered. */
export function recipeOf(name: ToolName): Recipe {
  const recipe = byName.get(name);
  if (recipe !== undefined) return recipe;
  throw new ExplainedError({
    thing: `program ${name}`,
    expected: `one of ${[...byName.keys()].join(', ')}`,
    observed: 'the toolchain has no recipe for it',
    nextStep: 'Correct its name where it is asked for, or add it to the programs of its system.',
  });
}

/** Every program with a recipe. */
export const toolNames: readonly ToolName[] = programs.map(({ name }) => name);

/** Programs of the docker target alone. */
export const dockerToolNames: readonly ToolName[] = programs
  .filter(({ onlyOn }) => onlyOn === 'docker')
  .map(({ name }) => name);

/** Programs that run the local target or are used with it. */
export const localToolNames: readonly ToolName[] = toolNames.filter((name) => !dockerToolNames.includes(name));

/** Each of these Pythons runs LocalStack from the same lock file. 3.10 lacks networkx 3.6, 3.14 a wheel of jpype1 1.6. */
export const pythonVersions = ['3.11', '3.12', '3.13'] as const;
