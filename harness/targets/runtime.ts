import type { Service } from '../model/service.ts';
import type { Runtime } from '../registered/provider.ts';
import { providers } from '../registered/providers.ts';
import { type LocalContext, startProgram } from './local/program.ts';
import { onFreePorts } from './ports.ts';
import type { TargetName } from './wishes.ts';

/** Returns a provider's means to start things in the session of a target. */
export const runtimeOf = (target: TargetName, context: LocalContext): Runtime => ({
  target,
  clock: context.clock,
  folder: (...parts) => context.session.folder(...parts),
  tool: (name) => context.tool(name),
  onFreePorts,
  startProgram: async (program) => await startProgram(program, context),
});

/** Starts the shared place of a provider for a part that uses it. It ends with the session. */
export async function startShared<Place>(
  { name }: Service<Place>,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Place> {
  for (const { suppliers = [] } of providers()) {
    for (const each of suppliers) {
      // The type of the token says what its supplier starts.
      if (each.isShared === true && each.service.name === name) return (await each.start(runtime, signal)) as Place;
    }
  }
  throw new Error(`no provider supplies the shared place ${name}`);
}
