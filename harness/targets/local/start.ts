import { Activities } from '../../base/activities.ts';
import { Scope } from '../../base/scope.ts';
import type { Clock } from '../../clock/clock.ts';
import { counted } from '../../model/counted.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { describeSandbox, type HostSandbox, type SandboxWish } from '../../model/sandbox.ts';
import type { Capability } from '../../model/service.ts';
import type { Target } from '../../model/target.ts';
import type { Toolchain, ToolInUse } from '../../model/tools.ts';
import { capabilitiesOf, partsWith } from '../../registered/providers.ts';
import { hostSandbox } from '../../toolchain/host-sandbox.ts';
import { attachTo } from '../attach.ts';
import { collectGarbage, type GarbageReport } from '../garbage.ts';
import type { TargetHandle } from '../handle.ts';
import { openSession } from '../session.ts';
import { toolPathsOf } from '../tool-paths.ts';
import { type ProcessesHandle, processes } from './attach.ts';
import { type LocalPart, LocalPlaces, type Places, type PlacesOptions } from './places.ts';

export type { LocalPart } from './places.ts';

export interface OpenLocalTargetOptions {
  /** The programs of those parts, once they are there. */
  readonly programs: PlacesOptions['programs'];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** Keeps when each part was started. */
  readonly activities?: Activities | undefined;
  /** What the configuration says about the sandbox of the platform's programs. */
  readonly sandbox?: SandboxWish | undefined;
  /** How programs run, where the caller has decided it already; looked for when left out. */
  readonly hostSandbox?: HostSandbox | undefined;
  /** Serves S3 by SeaweedFS instead of LocalStack: the path of `weed`. */
  readonly seaweedfs?: string | undefined;
  /** Fixed ports, where somebody wants them; free ones otherwise. */
  readonly ports?: PlacesOptions['ports'];
}

export interface LocalTargetOptions extends Omit<OpenLocalTargetOptions, 'programs'> {
  readonly toolchain: Toolchain;
  /** What is wanted; `velero` brings `kubernetes` and `s3` along, `regions` brings `s3`. */
  readonly parts: readonly Capability[];
}

/** A local target as it is for somebody who asked for some of its parts. */
interface AttachedLocalTarget {
  /** Plain JSON, from which this or another process attaches. */
  readonly handle: TargetHandle;
  readonly target: Target;
}

/** A local target whose parts start when they are asked for. Disposal stops everything, removes the session's folder, and is idempotent. */
export interface OpenLocalTarget extends AsyncDisposable {
  /**
   * Starts those parts side by side as soon as the programs of each are there, and waits for them.
   * @returns the target with those parts, what they bring along, and no others.
   * @throws {ExplainedError} when one of them cannot be started, with its last log lines; the others stay.
   */
  untilReady(parts: readonly Capability[]): Promise<AttachedLocalTarget>;
  /** What earlier runs had left behind. */
  readonly garbage: GarbageReport;
}

/** A local target of which everything has started. Disposal stops everything, removes the session's folder, and is idempotent. */
export interface StartedLocalTarget extends AttachedLocalTarget, AsyncDisposable {
  /** Milliseconds from the call until each part was ready, and until all were. */
  readonly startedIn: Readonly<Partial<Record<LocalPart, number>>> & { readonly totalMs: number };
  /** What earlier runs had left behind. */
  readonly garbage: GarbageReport;
}

const STOP_BUDGET_MS = 4_500;

/**
 * Opens a session for a local target after collecting what dead sessions left. Its parts run as processes on free loopback ports.
 * @throws {ExplainedError} when the scratch folder cannot be written.
 */
export async function openLocalTarget(options: OpenLocalTargetOptions): Promise<OpenLocalTarget> {
  const { clock, signal, progress, programs, seaweedfs, ports = {}, activities = new Activities(clock) } = options;
  signal.throwIfAborted();
  const sandbox = options.hostSandbox ?? (await hostSandbox({ wish: options.sandbox, clock, signal, progress }));
  if (sandbox.kind !== 'bubblewrap') progress(`sandbox ${describeSandbox(sandbox)}`);
  const garbage = await collectGarbage({ clock });
  for (const { id, killed } of garbage.collected) {
    progress(
      `collected session ${id}, left behind by a run that was killed (${counted(killed.length, 'process', 'processes')})`,
    );
  }
  const scope = new Scope({ what: 'local target', clock, signal, releaseBudgetMs: STOP_BUDGET_MS });
  try {
    const session = await scope.open('session', () => openSession(clock));
    const onReady = (part: LocalPart) => progress(`${part} is ready`);
    const places = new LocalPlaces({
      session,
      clock,
      activities,
      scope,
      programs,
      onReady,
      progress,
      seaweedfs,
      ports,
    });
    return {
      garbage,
      untilReady: async (wanted) => {
        const parts = wantedParts(wanted, seaweedfs);
        try {
          // Nothing starts before all of it can: whoever times something beside it knows when that is.
          const toolchain = await programs([...parts]);
          const found = await places.of(parts);
          const runtime: ProcessesHandle = { s3Server: seaweedfs === undefined ? 'localstack' : 'seaweedfs' };
          const handle: TargetHandle = {
            kind: 'local',
            sessionDir: session.dir,
            capabilities: [...parts],
            sandbox,
            toolPaths: toolPathsOf(toolchain),
            toolsInUse: [...toolchain.inUse.map((tool) => ({ ...tool })), ...enforcingTool(found)],
            runtime,
            places: found,
          };
          return { handle, target: attachTo(processes, handle, { clock }) };
        } catch (error) {
          signal.throwIfAborted();
          throw explain(error);
        }
      },
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

/**
 * Starts the real parts side by side, and waits for all of them.
 * @throws {ExplainedError} when a part cannot be started, with its last log lines; everything has been stopped by then.
 */
export async function startLocalTarget({
  toolchain,
  parts,
  ...options
}: LocalTargetOptions): Promise<StartedLocalTarget> {
  const { clock } = options;
  const beganMs = clock.monotonicMs();
  wantedParts(parts, options.seaweedfs);
  const { activities = new Activities(clock) } = options;
  const scope = new Scope({ what: 'local target', clock });
  try {
    const opened = await scope.open('local target', () =>
      openLocalTarget({ ...options, activities, programs: async () => toolchain }),
    );
    const attached = await opened.untilReady(parts);
    return {
      ...attached,
      garbage: opened.garbage,
      startedIn: { ...startTimes(activities, beganMs), totalMs: Math.round(clock.monotonicMs() - beganMs) },
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

/** From then until each part was ready. */
const startTimes = ({ all }: Activities, beganMs: number): Partial<Record<LocalPart, number>> =>
  Object.fromEntries(
    all
      .filter(({ kind }) => kind === 'starting')
      .map(({ what, endedMs }) => [what, Math.round((endedMs ?? beganMs) - beganMs)]),
  );

/** Its program is none of the toolchain's: the part obtains it by itself. */
const enforcingTool = ({ 'enforced-access': enforcing }: Places): ToolInUse[] =>
  enforcing === undefined ? [] : [{ name: 'weed', version: enforcing.version, source: enforcing.source }];

function explain(error: unknown): unknown {
  if (error instanceof ExplainedError) return error;
  return new ExplainedError(
    {
      thing: 'local target',
      expected: 'every part to start',
      observed: summaryOf(error),
      nextStep: 'Run npx dr-contracts doctor; when all is well there, the lines above name what to look at.',
    },
    { cause: error },
  );
}

function wantedParts(wanted: readonly Capability[], seaweedfs: string | undefined): ReadonlySet<LocalPart> {
  const known = capabilitiesOf('local');
  const alien = wanted.find((part) => !known.includes(part));
  if (alien !== undefined) {
    throw new ExplainedError({
      thing: 'local target',
      expected: `parts out of ${known.join(', ')}`,
      observed: `${alien} was asked for, which it has not`,
      nextStep: 'Use --target docker for contracts that need pods or volumes.',
    });
  }
  const parts = partsWith('local', wanted);
  if (parts.has('regions') && seaweedfs !== undefined) {
    throw new ExplainedError({
      thing: 'local target',
      expected: 'parts that SeaweedFS can carry',
      observed: 'regions were asked for, and they need Route 53, which it does not have',
      nextStep: 'Leave SeaweedFS out: LocalStack then serves S3 and Route 53.',
    });
  }
  return parts;
}
