import { ExplainedError } from '../model/errors.ts';
import type { ToolName } from '../model/tools.ts';
import { programs } from '../registered/programs.ts';
import type { Recipe } from '../registered/recipe.ts';

const byName: ReadonlyMap<ToolName, Recipe> = new Map(programs.map((recipe) => [recipe.name, recipe]));

/** How a program is obtained. @throws {ExplainedError} for one that no system has registered. */
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
