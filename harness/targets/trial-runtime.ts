import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Runtime } from '../registered/provider.ts';
import { runtimeOf } from './runtime.ts';
import { openSession } from './session.ts';

/**
 * Opens the runtime of the local target in a session of its own, without any part. Disposal ends every program that was started with it.
 * @param tools paths of the programs that it hands out, by name.
 */
export async function openTrialRuntime(
  tools: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<{ readonly runtime: Runtime } & AsyncDisposable> {
  const session = await openSession(clock);
  const tool = (name: string): string => {
    const path = tools[name];
    if (path !== undefined) return path;
    throw new ExplainedError({
      thing: `program ${name}`,
      expected: 'its path in `tools` of the conformance suite',
      observed: Object.keys(tools).length === 0 ? 'no program is named there' : `only ${Object.keys(tools).join(', ')}`,
      nextStep: `Add tools: { '${name}': '/path/of/it' }.`,
    });
  };
  const runtime = runtimeOf('local', { session, clock, tool });
  return { runtime, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
}
