import type { Ways } from '../model/access.ts';
import { collect, currentCollector, loadedByNobody, nameIn } from './collect.ts';
import { type ContractDefinition, defineContract, definePosture, type PostureDefinition } from './define.ts';

// vitest fails to load outside of its own workers, so it is loaded only there. The check uses vitest's own global, because programs that a
// test starts inherit the variable VITEST.
const spec = '__vitest_worker__' in globalThis ? await import('./vitest-spec.ts') : undefined;

/**
 * States a disaster-recovery promise. In vitest it becomes tests; in `dr-contracts drill` it becomes drills. A malformed promise is
 * reported with its file, and stops no other contract.
 */
export function contract<W extends Ways, Used extends string>(definition: ContractDefinition<W, Used>): void {
  const collector = currentCollector();
  if (collector !== undefined) {
    collect(collector, collector.contracts, definition, () => defineContract(definition, collector.sourceFile));
  } else if (spec !== undefined) spec.specify(definition);
  else throw loadedByNobody(`contract "${nameIn(definition)}"`);
}

/**
 * States promises that can be checked without a drill. In vitest they become tests; in `dr-contracts drill` they are checked before the
 * drills, and alone with `--posture`. A malformed posture is reported with its file, and stops no other contract.
 */
export function posture(definition: PostureDefinition): void {
  const collector = currentCollector();
  if (collector !== undefined) {
    collect(collector, collector.postures, definition, () => definePosture(definition, collector.sourceFile));
  } else if (spec !== undefined) spec.specifyPosture(definition);
  else throw loadedByNobody(`posture "${nameIn(definition)}"`);
}
