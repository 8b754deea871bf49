import type { Scope } from '../../base/scope.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Capability } from '../../model/service.ts';
import { counted } from '../../model/text.ts';
import { cacheEntryOf } from '../../toolchain/cache-folder.ts';
import { cacheRoot } from '../../toolchain/cache-root.ts';
import type { LocatedTool } from '../../toolchain/locate.ts';
import { locateTool, type Whereabouts } from '../../toolchain/locate.ts';
import { recipeOf } from '../../toolchain/recipes.ts';
import type { Session } from '../session.ts';
import type { OpenedRuntime, RuntimeStep, TargetRuntime } from '../target-runtime.ts';
import { type ContainersHandle, containers } from './attach.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { type Daemon, inspectDaemon } from './daemon.ts';
import { ensureImages, type FoundImage, imageInUse, withFound } from './images.ts';
import { prepareKept, takeKept } from './kept.ts';
import { keptName } from './kept-name.ts';
import { networkName } from './labels.ts';
import { createNetwork } from './network.ts';
import { containerParts } from './parts.ts';
import { findResources, removeResources } from './resources.ts';
import { type DockerSettings, dockerSettings, imagesFor } from './settings.ts';

interface ContainersOptions {
  /** Images and pull policy; from the environment when left out. */
  readonly settings?: DockerSettings;
  /** Use the kept cluster when a fitting one exists, and keep the used cluster. */
  readonly keep?: boolean;
}

/** State before anything is started. */
interface Preparation {
  readonly parts: ReadonlySet<Capability>;
  readonly daemon: Daemon;
  readonly images: readonly FoundImage[];
  readonly settings: DockerSettings;
  readonly kind: LocatedTool | undefined;
  readonly keep: boolean;
}

const STOP_BUDGET_MS = 90_000;
const CLOSE_BUDGET_MS = 10_000;

/** Starts the parts of a target in containers on one network. */
export const inContainers = (options: ContainersOptions = {}): TargetRuntime => ({
  ...containers,
  otherwise: 'Use --target local for contracts that need it.',
  endBudgetMs: STOP_BUDGET_MS,
  sessionBudgetMs: CLOSE_BUDGET_MS,
  linesOf: ({ docker }) =>
    docker.map(
      ({ sessionId, clusters, containers: left }) =>
        `collected session ${sessionId}, left behind by a run that was killed (${counted(clusters.length, 'cluster')}, ${counted(left.length, 'container')})`,
    ),
  prepare: async (parts, step) => {
    const wished = options.settings ?? dockerSettings();
    const daemon = await requireDaemon(step.signal);
    const images = await ensureImages(imagesFor(parts), wished, step);
    const settings = withFound(wished, images);
    const kind = parts.has('kubernetes') ? await installedKind(step) : undefined;
    const preparation = { parts, daemon, images, settings, kind, keep: options.keep === true };
    return { open: async (session, scope) => await open(preparation, session, scope, step) };
  },
});

async function open(
  { parts, daemon, images, settings, kind, keep }: Preparation,
  session: Session,
  scope: Scope,
  { clock, signal, progress }: RuntimeStep,
): Promise<OpenedRuntime> {
  scope.defer('what the session has in docker', () => removeAll(session.id));
  const network = networkName(session.id);
  const fresh: StartingContext = { session, clock, settings, network, kind: kind?.path, progress };
  const own = keep && parts.has('velero') ? await withKept(fresh, images, signal) : fresh;
  if (own.kept === undefined) await createNetwork(network, labelsOf(own), signal);
  const handle: ContainersHandle = { network: own.network, images: settings.images, pull: settings.pull };
  return {
    parts: containerParts(parts, own),
    handle,
    toolPaths: kind === undefined ? {} : { kind: kind.path },
    toolsInUse: () => [
      ...(kind === undefined ? [] : [{ name: kind.name, version: kind.version, source: kind.source }]),
      { name: 'docker', version: daemon.version, source: `API ${daemon.apiVersion}` },
      ...images.map(imageInUse),
    ],
  };
}

/** Finds kind where it is installed; never builds it. Without it, a cluster is made with the programs in the node image. */
async function installedKind({
  clock,
  signal,
}: Pick<Whereabouts, 'clock' | 'signal'>): Promise<LocatedTool | undefined> {
  const entry = await cacheEntryOf(recipeOf('kind'), cacheRoot());
  return await locateTool(recipeOf('kind'), entry, { environment: process.env, clock, signal });
}

async function requireDaemon(signal: AbortSignal): Promise<Daemon> {
  const daemon = await inspectDaemon(signal);
  if (!('problem' in daemon)) return daemon;
  throw new ExplainedError({
    thing: 'docker daemon',
    expected: 'to answer',
    observed: daemon.problem,
    nextStep: 'Start Docker, or use --target local, which needs none.',
  });
}

type StartingContext = Omit<DockerContext, 'tool'>;

/** Runs on the kept cluster's network, unless another run uses it. */
async function withKept(
  own: StartingContext,
  images: readonly FoundImage[],
  signal: AbortSignal,
): Promise<StartingContext> {
  const say = (message: string) => own.progress?.(message);
  if (!(await takeKept(own, signal))) {
    say('the kept cluster is in use by another run: this one starts a fresh one');
    return own;
  }
  const kept = (await prepareKept(images, signal, say)) ? 'again' : 'new';
  say(kept === 'again' ? 'using the kept cluster again' : 'this cluster will be kept');
  return { ...own, network: keptName(), kept };
}

/** Removes everything of the session, even dedicated places that were never given back, whichever process made them. */
async function removeAll(sessionId: string): Promise<void> {
  const budget = AbortSignal.timeout(STOP_BUDGET_MS);
  await removeResources(await findResources(budget, sessionId), budget);
}
