import { collect, currentCollector, loadedByNobody, nameIn } from './collect.ts';
import { definePosture, type PostureDefinition } from './define-posture.ts';

// Only in a worker of vitest: see contract.ts.
const spec = '__vitest_worker__' in globalThis ? await import('./vitest-posture.ts') : undefined;

/**
 * States promises that can be seen without a drill. In vitest they become tests; in `dr-contracts drill` they are checked before
 * the drills, and alone with `--posture`. A posture that is not well formed is reported with its file, and stops no other contract.
 */
export function posture(definition: PostureDefinition): void {
  const collector = currentCollector();
  if (collector !== undefined) {
    collect(collector, collector.postures, definition, () => definePosture(definition, collector.sourceFile));
  } else if (spec !== undefined) spec.specifyPosture(definition);
  else throw loadedByNobody(`posture "${nameIn(definition)}"`);
}
