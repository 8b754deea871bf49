import type { Clock } from '../clock/clock.ts';
import type { Target, ToolName } from '../model/target.ts';
import { parseHandle } from './handle.ts';
import type { LocalContext } from './local/program.ts';
import { attachSession } from './session.ts';
import { targetPlaces, toolPath } from './target-places.ts';
import type { AttachableRuntime } from './target-runtime.ts';
import { commandLinesIn } from './tool-paths.ts';

/**
 * Returns the running target of a handle, in the process that started it or in another process of the same user. Whatever a drill starts
 * for itself belongs to the session, so the owner's teardown ends the rest of it.
 * @throws {ExplainedError} for a malformed handle; an error when the session is gone.
 */
export function attachTo(runtime: AttachableRuntime, handle: unknown, { clock }: { readonly clock: Clock }): Target {
  const parsed = parseHandle(handle, runtime.name);
  const session = attachSession(parsed.sessionDir);
  const tool = (name: ToolName) => toolPath(parsed, name);
  const context: LocalContext = { session, clock, tool };
  const attached = runtime.attach(parsed, context);
  return {
    name: runtime.name,
    sessionId: session.id,
    capabilities: parsed.capabilities,
    differencesFromProduction: attached.differencesFromProduction,
    tools: parsed.toolsInUse,
    sandbox: parsed.sandbox,
    tool,
    commandLines: commandLinesIn(parsed.toolPaths),
    ...targetPlaces(parsed, attached, context),
  };
}
