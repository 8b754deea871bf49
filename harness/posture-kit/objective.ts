import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { PostureProject } from '../model/posture.ts';
import { suggestion } from '../model/text.ts';

/**
 * Returns the contract from which a check takes its objective (`for`).
 * @throws {ExplainedError} if the project has no contract of that name.
 */
export async function contractFor(name: string, project: PostureProject, check: string): Promise<Contract> {
  const contracts = await project.contracts();
  const found = contracts.find((contract) => contract.name === name);
  if (found !== undefined) return found;
  const names = contracts.map((contract) => contract.name);
  throw new ExplainedError({
    thing: `check of ${check}`,
    expected: `one of the contracts ${names.join(', ') || '(there are none)'} in \`for\``,
    observed: `it says "${name}"${suggestion(name, names)}`,
    nextStep: 'Correct `for`.',
  });
}
