import { Activities } from '../base/activities.ts';
import type { Clock } from '../clock/clock.ts';
import type { Capability } from '../model/service.ts';
import type { OpenTarget, SandboxWish, Toolchain, ToolName } from '../model/target.ts';
import { toolsOf } from '../registered/providers.ts';
import type { AttachedTarget } from '../targets/start.ts';
import type { TargetName } from '../targets/wishes.ts';
import { toolNames } from '../toolchain/recipes.ts';

// Start of a target for both front ends: the tools of the wanted parts, and the target that runs them.

/** Returns the tools of those parts and of the parts that they depend on. */
export function toolsFor(target: TargetName, parts: readonly Capability[]): readonly ToolName[] {
  const wanted = toolsOf(target, parts);
  return toolNames.filter((name) => wanted.has(name));
}

/** Waits for the programs of those parts. @throws the reason why one of them is not available. */
export type Programs = (parts: readonly Capability[]) => Promise<Toolchain>;

export interface StartTarget {
  readonly name: TargetName;
  /** Every capability that will be requested. */
  readonly needs: readonly Capability[];
  readonly programs: Programs;
  /** Use the kept cluster, and keep it. */
  readonly keep: boolean;
  /** The configuration's sandbox for the platform's programs; bubblewrap when left out. */
  readonly sandbox?: SandboxWish | undefined;
}

export interface StartStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Records when each part was started. */
  readonly activities?: Activities | undefined;
  progress(message: string): void;
}

/**
 * Opens the target of that name. The local one starts a part on request, once its programs are available; the docker one, whose servers are
 * in images, starts everything at once. Each is loaded on demand.
 */
export async function openTarget(options: StartTarget, step: StartStep): Promise<OpenTarget<AttachedTarget>> {
  if (options.name === 'docker') return await openDockerTarget(options, step);
  const [start, { asProcesses }] = await Promise.all([
    import('../targets/start.ts'),
    import('../targets/local/runtime.ts'),
  ]);
  const { needs, programs, sandbox } = options;
  const { activities } = step;
  return await start.openTarget(asProcesses(), { ...stepOf(step), activities, needs, programs, sandbox });
}

const stepOf = ({ clock, signal, progress }: StartStep) => ({
  clock,
  signal,
  progress: (message: string) => progress(message),
});

/** Leaves out parts whose programs are not available; a caller that requests one gets the reason. */
async function openDockerTarget(
  { needs, programs, keep, sandbox }: StartTarget,
  step: StartStep,
): Promise<OpenTarget<AttachedTarget>> {
  const [{ startTarget }, { inContainers }] = await Promise.all([
    import('../targets/start.ts'),
    import('../targets/docker/runtime.ts'),
  ]);
  const missing = new Map<Capability, unknown>();
  await Promise.all(
    needs.map(async (need) => {
      await programs([need]).catch((error: unknown) => missing.set(need, error));
    }),
  );
  step.signal.throwIfAborted();
  const parts = needs.filter((need) => !missing.has(need));
  const { activities = new Activities(step.clock) } = step;
  const toolchain = await programs(parts);
  const started = await activities.time('starting', 'docker target', () =>
    startTarget(inContainers({ keep }), { ...stepOf(step), parts, toolchain, sandbox }),
  );
  return {
    untilReady: async (wanted) => {
      const lacking = wanted.find((part) => missing.has(part));
      if (lacking !== undefined) throw missing.get(lacking);
      return { handle: started.handle, target: started.target };
    },
    [Symbol.asyncDispose]: async () => await started[Symbol.asyncDispose](),
  };
}
