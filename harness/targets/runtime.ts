import type { Runtime } from '../registered/provider.ts';
import { type LocalContext, startProgram } from './local/program.ts';
import { onFreePorts } from './ports.ts';
import type { TargetName } from './wishes.ts';

/** What a provider starts things with in the session of a target. */
export const runtimeOf = (target: TargetName, context: LocalContext): Runtime => ({
  target,
  clock: context.clock,
  folder: (...parts) => context.session.folder(...parts),
  tool: (name) => context.tool(name),
  onFreePorts,
  startProgram: async (program) => await startProgram(program, context),
});
