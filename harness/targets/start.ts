import { Activities } from '../base/activities.ts';
import { Scope } from '../base/scope.ts';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { Capability } from '../model/service.ts';
import type { OpenTarget, Target, Toolchain } from '../model/target.ts';
import { describeSandbox, type HostSandbox, type SandboxWish } from '../model/target.ts';
import { capabilitiesOf, partsWith } from '../registered/providers.ts';
import { hostSandbox } from '../toolchain/host-sandbox.ts';
import { attachTo } from './attach.ts';
import { collectGarbage, type GarbageReport } from './garbage.ts';
import type { TargetHandle } from './handle.ts';
import { Parts } from './parts.ts';
import { openSession } from './session.ts';
import type { TargetRuntime } from './target-runtime.ts';
import { broughtPaths, toolPathsOf } from './tool-paths.ts';

export interface OpenTargetOptions {
  /** Every capability that will be requested. */
  readonly needs: readonly Capability[];
  /** Provides the programs of those parts. */
  readonly programs: (parts: readonly Capability[]) => Promise<Toolchain>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** Records when each part was started. */
  readonly activities?: Activities | undefined;
  /** The configuration's setting for the sandbox of the platform's programs. */
  readonly sandbox?: SandboxWish | undefined;
  /** Sandbox in which programs run, where the caller has decided it already; detected when left out. */
  readonly hostSandbox?: HostSandbox | undefined;
}

export interface StartTargetOptions extends Omit<OpenTargetOptions, 'programs' | 'needs'> {
  readonly toolchain: Toolchain;
  /** Requested parts. Parts that they depend on, or that come with them, also start. */
  readonly parts: readonly Capability[];
}

/** A running target for a caller that requested some of its parts. */
export interface AttachedTarget {
  /** Plain JSON, from which this or another process attaches. */
  readonly handle: TargetHandle;
  readonly target: Target;
}

/** A completely started target. Disposal stops everything, removes every trace of the session, and is idempotent. */
export interface StartedTarget extends AttachedTarget, AsyncDisposable {
  /** Milliseconds from the call until each part, or a piece of one, was ready, and until all of them were. */
  readonly startedIn: Readonly<Record<string, number>> & { readonly totalMs: number };
  /** Leftovers of earlier runs. */
  readonly garbage: GarbageReport;
}

interface Opened {
  readonly scope: Scope;
  readonly garbage: GarbageReport;
  /** Ready time of each part, on the monotonic clock. */
  readonly readyMs: ReadonlyMap<string, number>;
  untilReady(wanted: readonly Capability[]): Promise<AttachedTarget>;
}

/**
 * Opens a session for a target after collecting the leftovers of dead sessions. Its parts start on request. Disposal stops everything,
 * removes every trace of the session, and is idempotent.
 * @throws {ExplainedError} when the runtime cannot start anything here, or the scratch folder cannot be written.
 */
export async function openTarget(
  runtime: TargetRuntime,
  options: OpenTargetOptions,
): Promise<OpenTarget<AttachedTarget>> {
  const { scope, untilReady } = await open(runtime, options);
  return { untilReady, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() };
}

/**
 * Starts those parts side by side, in a session of their own, and waits for all of them.
 * @throws {ExplainedError} when the runtime lacks one of them, or when one does not start, with its last log lines; everything has been
 *   stopped by then.
 */
export async function startTarget(
  runtime: TargetRuntime,
  { toolchain, parts, ...options }: StartTargetOptions,
): Promise<StartedTarget> {
  const { clock } = options;
  const beganMs = clock.monotonicMs();
  const sinceMs = (ms: number) => Math.round(ms - beganMs);
  wantedParts(runtime, parts);
  const { scope, garbage, readyMs, untilReady } = await open(runtime, {
    ...options,
    needs: parts,
    programs: async () => toolchain,
  });
  try {
    const attached = await untilReady(parts);
    const each = [...readyMs].map(([part, ms]) => [part, sinceMs(ms)]);
    return {
      ...attached,
      garbage,
      startedIn: { ...Object.fromEntries(each), totalMs: sinceMs(clock.monotonicMs()) },
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

async function open(runtime: TargetRuntime, options: OpenTargetOptions): Promise<Opened> {
  const { clock, signal, progress, programs, activities = new Activities(clock) } = options;
  const step = { clock, signal, progress };
  signal.throwIfAborted();
  const prepared = await runtime.prepare(partsWith(runtime.name, options.needs), step);
  const sandbox = options.hostSandbox ?? (await hostSandbox({ wish: options.sandbox, ...step }));
  if (sandbox.kind !== 'bubblewrap') progress(`sandbox ${describeSandbox(sandbox)}`);
  const garbage = await collectGarbage({ clock });
  for (const line of runtime.linesOf(garbage)) progress(line);
  const { endBudgetMs, sessionBudgetMs } = runtime;
  const scope = new Scope({ what: `${runtime.name} target`, clock, signal, releaseBudgetMs: endBudgetMs });
  try {
    const session = await scope.open('session', () => openSession(clock), sessionBudgetMs);
    const opened = await prepared.open(session, scope);
    const readyMs = new Map<string, number>();
    const onReady = (piece: string) => {
      readyMs.set(piece, clock.monotonicMs());
      progress(`${piece} is ready`);
    };
    const parts = new Parts({ parts: opened.parts, needs: options.needs, scope, activities, programs, onReady });
    return {
      scope,
      garbage,
      readyMs,
      untilReady: async (wanted) => {
        const those = wantedParts(runtime, wanted);
        try {
          // No part starts before all its programs are available, so that a caller that measures other work meanwhile knows when the start
          // begins.
          const toolchain = await programs([...those]);
          const places = await parts.of(those);
          const handle: TargetHandle = {
            kind: runtime.name,
            sessionDir: session.dir,
            capabilities: capabilitiesOf(runtime.name).filter((capability) => those.has(capability)),
            sandbox,
            toolPaths: { ...toolPathsOf(toolchain), ...opened.toolPaths, ...(await broughtPaths(those)) },
            toolsInUse: [...toolchain.inUse, ...opened.toolsInUse(places)].map((tool) => ({ ...tool })),
            runtime: opened.handle,
            places,
          };
          return { handle, target: attachTo(runtime, handle, { clock }) };
        } catch (error) {
          signal.throwIfAborted();
          throw explain(runtime, error);
        }
      },
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

function explain({ name }: TargetRuntime, error: unknown): unknown {
  if (error instanceof ExplainedError) return error;
  return new ExplainedError(
    {
      thing: `${name} target`,
      expected: 'every part to start',
      observed: summaryOf(error),
      nextStep: 'Run npx dr-contracts doctor. If it finds no problem, check what the lines above name.',
    },
    { cause: error },
  );
}

/** Returns those parts and the parts that they depend on. @throws {ExplainedError} for one that the runtime lacks. */
function wantedParts(runtime: TargetRuntime, wanted: readonly Capability[]): ReadonlySet<Capability> {
  const known = capabilitiesOf(runtime.name);
  const alien = wanted.find((part) => !known.includes(part));
  if (alien !== undefined) {
    throw new ExplainedError({
      thing: `${runtime.name} target`,
      expected: `only the parts ${known.join(', ')}`,
      observed: `${alien} was requested, which it does not have`,
      nextStep: runtime.otherwise,
    });
  }
  const parts = partsWith(runtime.name, wanted);
  runtime.requireParts?.(parts);
  return parts;
}
