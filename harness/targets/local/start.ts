import { Scope } from '../../base/scope.ts';
import type { Clock } from '../../clock/clock.ts';
import { counted } from '../../model/counted.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { describeSandbox, type HostSandbox, type SandboxWish } from '../../model/sandbox.ts';
import type { Capability, S3Place, Target } from '../../model/target.ts';
import type { Toolchain } from '../../model/tools.ts';
import { hostSandbox } from '../../toolchain/host-sandbox.ts';
import { collectGarbage, type GarbageReport } from '../garbage.ts';
import { openSession } from '../session.ts';
import { toolPathsOf } from '../tool-paths.ts';
import { attachLocalTarget } from './attach.ts';
import { backupPrefix, startCluster } from './cluster.ts';
import type { LocalTargetHandle } from './handle.ts';
import { startNats } from './nats.ts';
import type { LocalContext } from './program.ts';
import { startS3 } from './s3.ts';
import { startSeaweedfs } from './seaweedfs.ts';
import { VELERO_NAMESPACE } from './velero.ts';

export const localParts = ['nats', 'nats-cluster', 's3', 'kubernetes', 'velero', 'regions'] as const;
export type LocalPart = (typeof localParts)[number];

export interface LocalTargetOptions {
  readonly toolchain: Toolchain;
  /** What is wanted; `velero` brings `kubernetes` and `s3` along, `regions` brings `s3`. */
  readonly parts: readonly Capability[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** What the configuration says about the sandbox of the platform's programs. */
  readonly sandbox?: SandboxWish | undefined;
  /** How programs run, where the caller has decided it already; looked for when left out. */
  readonly hostSandbox?: HostSandbox | undefined;
  /** Serves S3 by SeaweedFS instead of LocalStack: the path of `weed`. */
  readonly seaweedfs?: string | undefined;
  /** Fixed ports, where somebody wants them; free ones otherwise. */
  readonly ports?: { readonly nats?: number; readonly s3?: number; readonly kubernetes?: number };
}

/** A running local target. Disposal stops everything, removes the session's folder, and is idempotent. */
export interface StartedLocalTarget extends AsyncDisposable {
  /** Plain JSON for {@link attachLocalTarget}, in this or another process. */
  readonly handle: LocalTargetHandle;
  readonly target: Target;
  /** Milliseconds from the call until each part was ready, and until all were. */
  readonly startedIn: Readonly<Partial<Record<LocalPart, number>>> & { readonly totalMs: number };
  /** What earlier runs had left behind. */
  readonly garbage: GarbageReport;
}

const STOP_BUDGET_MS = 4_500;

/**
 * Starts the real parts side by side on free loopback ports, in a session of their own, after collecting what dead sessions left.
 * @throws {ExplainedError} when a part cannot be started, with its last log lines; everything has been stopped by then.
 */
export async function startLocalTarget(options: LocalTargetOptions): Promise<StartedLocalTarget> {
  const { clock, signal, progress } = options;
  const beganMs = clock.monotonicMs();
  const parts = wantedParts(options.parts, options.seaweedfs);
  signal.throwIfAborted();
  const sandbox = options.hostSandbox ?? (await hostSandbox({ wish: options.sandbox, clock, signal, progress }));
  if (sandbox.kind !== 'bubblewrap') progress(`sandbox ${describeSandbox(sandbox)}`);
  const garbage = await collectGarbage({ clock });
  for (const { id, killed } of garbage.collected) {
    progress(
      `collected session ${id}, left behind by a run that was killed (${counted(killed.length, 'process', 'processes')})`,
    );
  }
  const scope = new Scope({ what: 'local target', clock, releaseBudgetMs: STOP_BUDGET_MS });
  try {
    const session = await scope.open('session', () => openSession(clock));
    const context: LocalContext = { session, clock, tool: (name) => options.toolchain.path(name) };
    const startedIn: Partial<Record<LocalPart, number>> = {};
    const ready = (part: LocalPart) => {
      startedIn[part] = Math.round(clock.monotonicMs() - beganMs);
      progress(`${part} is ready`);
    };
    const places = await startParts(parts, options, context, scope, ready);
    const handle: LocalTargetHandle = {
      kind: 'local',
      sessionDir: session.dir,
      capabilities: [...parts],
      sandbox,
      toolPaths: toolPathsOf(options.toolchain),
      toolsInUse: options.toolchain.inUse.map((tool) => ({ ...tool })),
      ...(options.seaweedfs === undefined ? {} : { s3Server: 'seaweedfs' as const }),
      ...places,
    };
    return {
      handle,
      target: attachLocalTarget(handle, { clock }),
      startedIn: { ...startedIn, totalMs: Math.round(clock.monotonicMs() - beganMs) },
      garbage,
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

type Places = Pick<LocalTargetHandle, 's3' | 'nats' | 'kubernetes'>;

async function startParts(
  parts: ReadonlySet<LocalPart>,
  options: LocalTargetOptions,
  context: LocalContext,
  scope: Scope,
  ready: (part: LocalPart) => void,
): Promise<Places> {
  const firstFailure = new AbortController();
  const signal = AbortSignal.any([options.signal, firstFailure.signal]);
  const owned = async <T extends AsyncDisposable>(what: string, starting: Promise<T>): Promise<T> => {
    try {
      return await scope.open(what, () => starting);
    } catch (error) {
      firstFailure.abort(error);
      throw error;
    }
  };
  const { ports = {}, seaweedfs } = options;
  const startingS3 = () =>
    seaweedfs === undefined ? startS3(context, signal, ports.s3) : startSeaweedfs(seaweedfs, context, signal, ports.s3);
  const s3 = parts.has('s3')
    ? owned('S3', startingS3()).then(({ place }) => {
        ready('s3');
        return place;
      })
    : undefined;
  const nats = parts.has('nats')
    ? owned('NATS', startNats('shared', context, signal, ports.nats === undefined ? {} : { port: ports.nats })).then(
        ({ url, settings }) => {
          ready('nats');
          return { url, settings };
        },
      )
    : undefined;
  const kubernetes = parts.has('kubernetes')
    ? owned(
        'Kubernetes',
        startCluster(
          { label: 'shared', s3: parts.has('velero') ? s3 : undefined, port: ports.kubernetes, onReady: ready },
          context,
          signal,
        ),
      ).then(({ kubeconfigPath, settings }) => ({
        kubeconfigPath,
        veleroNamespace: VELERO_NAMESPACE,
        backupPrefix: backupPrefix(context.session.id, 'shared'),
        settings: { ...settings },
      }))
    : undefined;
  // All of them settle before anything is torn down: none can go on starting behind the teardown's back.
  await Promise.allSettled([s3, nats, kubernetes]);
  options.signal.throwIfAborted();
  if (firstFailure.signal.aborted) throw explain(firstFailure.signal.reason);
  return definedOnly({ s3: await s3, nats: await nats, kubernetes: await kubernetes });
}

function definedOnly(places: {
  s3: S3Place | undefined;
  nats: Places['nats'] | undefined;
  kubernetes: Places['kubernetes'] | undefined;
}): Places {
  return {
    ...(places.s3 === undefined ? {} : { s3: { ...places.s3 } }),
    ...(places.nats === undefined ? {} : { nats: { ...places.nats, settings: { ...places.nats.settings } } }),
    ...(places.kubernetes === undefined ? {} : { kubernetes: places.kubernetes }),
  };
}

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
  const parts = new Set<LocalPart>();
  for (const part of wanted) {
    if (part === 'pods' || part === 'volumes') {
      throw new ExplainedError({
        thing: 'local target',
        expected: `parts out of ${localParts.join(', ')}`,
        observed: `${part} was asked for, and a Kubernetes API without nodes has none`,
        nextStep: 'Use --target docker for contracts that need pods or volumes.',
      });
    }
    parts.add(part);
  }
  if (parts.has('regions') && seaweedfs !== undefined) {
    throw new ExplainedError({
      thing: 'local target',
      expected: 'parts that SeaweedFS can carry',
      observed: 'regions were asked for, and they need Route 53, which it does not have',
      nextStep: 'Leave SeaweedFS out: LocalStack then serves S3 and Route 53.',
    });
  }
  if (parts.has('velero')) parts.add('kubernetes').add('s3');
  if (parts.has('regions')) parts.add('s3');
  return parts;
}
