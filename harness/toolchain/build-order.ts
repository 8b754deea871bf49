import type { ToolName } from '../model/tools.ts';
import { inOrder } from './locate.ts';
import { recipeOf } from './recipes.ts';

/**
 * The programs in the order in which they are built: first those of the wish that lacks the least work, then those of the wish that lacks
 * the least beyond these, and so on. A wish is what one contract needs; its drills begin when all of it is there.
 */
export function inBuildOrder(
  wishes: readonly (readonly ToolName[])[],
  missing: readonly ToolName[],
): readonly ToolName[] {
  const ordered = new Set<ToolName>();
  const left = wishes.map((wish) => inOrder(wish).filter((name) => missing.includes(name)));
  const workIn = (wish: readonly ToolName[]) =>
    wish.filter((name) => !ordered.has(name)).reduce((sum, name) => sum + workOf(name), 0);
  while (left.length > 0) {
    const next = left.reduce((best, wish) => (workIn(wish) < workIn(best) ? wish : best));
    left.splice(left.indexOf(next), 1);
    for (const name of next) ordered.add(name);
  }
  return [...ordered];
}

/** LocalStack and aws are installed beside the Go builds and hold none of them up. */
function workOf(name: ToolName): number {
  const recipe = recipeOf(name);
  return recipe.kind === 'go' ? recipe.typicalBuildS : 0;
}
