import { ExplainedError } from '../../model/errors.ts';
import { type Toolchain, type ToolName, toolNames } from '../../model/tools.ts';

/** Programs named by environment variables (`DR_CONTRACTS_NATS_SERVER=/path`), for the target's own tests. */
export function environmentToolchain(): Toolchain {
  const variable = (name: ToolName) => `DR_CONTRACTS_${name.toUpperCase().replaceAll('-', '_')}`;
  return {
    path: (name) => {
      const path = process.env[variable(name)];
      if (path !== undefined && path !== '') return path;
      throw new ExplainedError({
        thing: `tool ${name}`,
        expected: `its path in ${variable(name)}`,
        observed: 'the variable is not set',
        nextStep: `Set ${variable(name)} to the program.`,
      });
    },
    inUse: toolNames.map((name) => ({ name, version: 'not looked up', source: 'environment' })),
  };
}
