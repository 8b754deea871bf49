import type { Ways } from '../model/access.ts';
import { ExplainedError } from '../model/errors.ts';
import { currentCollector } from './collect.ts';
import { type ContractDefinition, defineContract } from './define.ts';

// Loading vitest outside of its own workers fails, so it is loaded only there: by the global that vitest itself goes by, because
// programs that a test starts inherit the variable VITEST.
const spec = '__vitest_worker__' in globalThis ? await import('./vitest-spec.ts') : undefined;

/**
 * States a disaster-recovery promise. In vitest it becomes tests; in `dr-contracts drill` it becomes drills.
 * @throws {ExplainedError} when the promise is not well formed.
 */
export function contract<W extends Ways, Used extends string>(definition: ContractDefinition<W, Used>): void {
  const collector = currentCollector();
  const defined = defineContract(definition, collector?.sourceFile);
  if (collector !== undefined) collector.contracts.push(defined);
  else if (spec !== undefined) spec.specify(defined);
  else {
    throw new ExplainedError({
      thing: `contract "${defined.name}"`,
      expected: 'to be loaded by vitest or by dr-contracts',
      observed: 'something else loaded it',
      nextStep: 'Run `npx dr-contracts drill` or `npx vitest run`.',
    });
  }
}
