import { Scope } from '../../base/scope.ts';
import type { Clock } from '../../clock/clock.ts';
import { counted } from '../../model/counted.ts';
import { ExplainedError } from '../../model/errors.ts';
import { describeSandbox, type SandboxWish } from '../../model/sandbox.ts';
import type { Capability } from '../../model/service.ts';
import type { Target } from '../../model/target.ts';
import type { Toolchain, ToolInUse } from '../../model/tools.ts';
import { capabilitiesOf, partsWith } from '../../registered/providers.ts';
import { cacheEntryOf, cacheRoot } from '../../toolchain/cache-folder.ts';
import { hostSandbox } from '../../toolchain/host-sandbox.ts';
import { locateTool, type Whereabouts } from '../../toolchain/locate.ts';
import type { LocatedTool } from '../../toolchain/located-tool.ts';
import { recipeOf } from '../../toolchain/recipes.ts';

import { attachTo } from '../attach.ts';
import { collectGarbage, type GarbageReport } from '../garbage.ts';
import type { TargetHandle } from '../handle.ts';
import { openSession } from '../session.ts';
import { toolPathsOf } from '../tool-paths.ts';
import { type ContainersHandle, containers } from './attach.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { inspectDaemon } from './daemon.ts';
import { ensureImages, type FoundImage, imageInUse, withFound } from './images.ts';
import { prepareKept, takeKept } from './kept.ts';
import { keptName } from './kept-name.ts';
import { networkName } from './labels.ts';
import { createNetwork } from './network.ts';
import { type DockerPart, startParts } from './parts.ts';
import { findResources, removeResources } from './resources.ts';
import { type DockerSettings, dockerSettings, imagesFor } from './settings.ts';

export interface DockerTargetOptions {
  readonly toolchain: Toolchain;
  /** What is wanted; `velero`, `regions`, `pods` and `volumes` bring what they run on along. */
  readonly parts: readonly Capability[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** What the configuration says about the sandbox of the platform's programs. */
  readonly sandbox?: SandboxWish | undefined;
  /** Images and pull policy; from the environment when left out. */
  readonly settings?: DockerSettings;
  /** Use the kept cluster when there is a fitting one, and keep the one that is used. */
  readonly keep?: boolean;
}

/** A running docker target. Disposal stops everything, removes every trace of the session, and is idempotent. */
export interface StartedDockerTarget extends AsyncDisposable {
  /** Plain JSON, from which this or another process attaches. */
  readonly handle: TargetHandle;
  readonly target: Target;
  /** Milliseconds from the call until each part was ready (`kind`: until the cluster's API answered), and until all were. */
  readonly startedIn: Readonly<Partial<Record<DockerPart, number>>> & { readonly totalMs: number };
  /** What earlier runs had left behind. */
  readonly garbage: GarbageReport;
}

const STOP_BUDGET_MS = 90_000;
const CLOSE_BUDGET_MS = 10_000;

/**
 * Starts the real parts side by side in containers on one network, in a session of their own, after collecting what dead
 * sessions left.
 * @throws {ExplainedError} when no daemon answers, an image cannot be had, or a part cannot be started; everything has been
 *   stopped by then.
 */
export async function startDockerTarget(options: DockerTargetOptions): Promise<StartedDockerTarget> {
  const { clock, signal, progress, toolchain } = options;
  const beganMs = clock.monotonicMs();
  const wished = options.settings ?? dockerSettings();
  const parts = wantedParts(options.parts);
  const daemon = await requireDaemon(signal);
  const images = await ensureImages(imagesFor(parts), wished, { clock, signal, progress });
  const settings = withFound(wished, images);
  const sandbox = await hostSandbox({ wish: options.sandbox, clock, signal, progress });
  const kind = parts.has('kubernetes') ? await installedKind({ clock, signal }) : undefined;
  if (sandbox.kind !== 'bubblewrap') progress(`sandbox ${describeSandbox(sandbox)}`);
  const garbage = await collectGarbage({ clock });
  for (const { sessionId, clusters, containers: left } of garbage.docker) {
    progress(
      `collected session ${sessionId}, left behind by a run that was killed (${counted(clusters.length, 'cluster')}, ${counted(left.length, 'container')})`,
    );
  }
  const scope = new Scope({ what: 'docker target', clock });
  try {
    const session = await scope.open('session', () => openSession(clock), CLOSE_BUDGET_MS);
    scope.defer('what the session has in docker', () => removeAll(session.id), STOP_BUDGET_MS);
    const own: DockerContext = {
      session,
      clock,
      settings,
      network: networkName(session.id),
      kind: kind?.path,
      tool: (name) => toolchain.path(name),
      progress,
    };
    const context = options.keep === true && parts.has('velero') ? await withKept(own, images, signal) : own;
    if (context.kept === undefined) await createNetwork(own.network, labelsOf(own), signal);
    const startedIn: Partial<Record<DockerPart, number>> = {};
    const ready = (part: DockerPart) => {
      startedIn[part] = Math.round(clock.monotonicMs() - beganMs);
      progress(`${part} is ready`);
    };
    const places = await startParts(parts, context, signal, ready);
    const dockerInUse: ToolInUse = { name: 'docker', version: daemon.version, source: `API ${daemon.apiVersion}` };
    const runtime: ContainersHandle = { network: context.network, images: settings.images, pull: settings.pull };
    const handle: TargetHandle = {
      kind: 'docker',
      sessionDir: session.dir,
      capabilities: capabilitiesOf('docker').filter((capability) => parts.has(capability)),
      sandbox,
      toolPaths: { ...toolPathsOf(toolchain), ...(kind === undefined ? {} : { kind: kind.path }) },
      toolsInUse: [
        ...toolchain.inUse.map((tool) => ({ ...tool })),
        ...(kind === undefined ? [] : [{ name: kind.name, version: kind.version, source: kind.source }]),
        dockerInUse,
        ...images.map(imageInUse),
      ],
      runtime,
      places,
    };
    return {
      handle,
      target: attachTo(containers, handle, { clock }),
      startedIn: { ...startedIn, totalMs: Math.round(clock.monotonicMs() - beganMs) },
      garbage,
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

/** kind is used where it is installed, and never built: without it, a cluster is made by what the node image holds. */
async function installedKind(step: Pick<Whereabouts, 'clock' | 'signal'>): Promise<LocatedTool | undefined> {
  const entry = await cacheEntryOf(recipeOf('kind'), cacheRoot());
  return await locateTool(recipeOf('kind'), entry, { environment: process.env, ...step });
}

async function requireDaemon(signal: AbortSignal) {
  const daemon = await inspectDaemon(signal);
  if (!('problem' in daemon)) return daemon;
  throw new ExplainedError({
    thing: 'docker daemon',
    expected: 'to answer',
    observed: daemon.problem,
    nextStep: 'Start Docker, or use --target local, which needs none.',
  });
}

/** On the kept cluster's network, unless another run has it. */
async function withKept(
  own: DockerContext,
  images: readonly FoundImage[],
  signal: AbortSignal,
): Promise<DockerContext> {
  const say = (message: string) => own.progress?.(message);
  if (!(await takeKept(own, signal))) {
    say('the kept cluster is in use by another run: this one starts a fresh one');
    return own;
  }
  const kept = (await prepareKept(images, signal, say)) ? 'again' : 'new';
  say(kept === 'again' ? 'using the kept cluster again' : 'this cluster will be kept');
  return { ...own, network: keptName(), kept };
}

/** Dedicated places that nobody gave back included, whichever process made them. */
async function removeAll(sessionId: string): Promise<void> {
  const budget = AbortSignal.timeout(STOP_BUDGET_MS);
  await removeResources(await findResources(budget, sessionId), budget);
}

function wantedParts(wanted: readonly Capability[]): ReadonlySet<Capability> {
  const known = capabilitiesOf('docker');
  const alien = wanted.find((part) => !known.includes(part));
  if (alien !== undefined) {
    throw new ExplainedError({
      thing: 'docker target',
      expected: `parts out of ${known.join(', ')}`,
      observed: `${alien} was asked for, which it has not`,
      nextStep: 'Use --target local for contracts that need it.',
    });
  }
  return partsWith('docker', wanted);
}
