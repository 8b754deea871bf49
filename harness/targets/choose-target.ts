import { ExplainedError } from '../model/errors.ts';
import type { Capability } from '../model/service.ts';
import { capabilitiesOf } from '../registered/providers.ts';
import { inspectDaemon } from './docker/daemon.ts';
import { ensureImages, findImage } from './docker/images.ts';
import type { MakingStep } from './docker/made-images.ts';
import { dockerSettings, imageOf, imagesFor } from './docker/settings.ts';
import type { TargetName, TargetWish } from './wishes.ts';

export interface TargetChoice {
  readonly name: TargetName;
  /** Capabilities that contracts may need of it. */
  readonly capabilities: readonly Capability[];
  /** Completes "target docker: …" for a reader. */
  readonly why: string;
  /** Why it is not Docker, in a few words; only where the user named no target. */
  readonly withoutDocker?: string;
}

const DAEMON = 'docker daemon';
export const ASKED_FOR = 'asked for by name';

export type ChoiceStep = MakingStep;

/**
 * Decides where the real systems run. `auto` chooses docker where a daemon answers and has, or can pull, every image that the needs
 * require; otherwise the local target. Starts nothing; may pull images.
 * @throws {ExplainedError} when the user named docker and it cannot be used.
 */
export async function chooseTarget(
  wish: TargetWish,
  needs: readonly Capability[],
  step: ChoiceStep,
): Promise<TargetChoice> {
  const settings = dockerSettings();
  return await choose(wish, step.signal, async () => {
    await ensureImages(imagesFor(needs), settings, step);
  });
}

/**
 * Predicts the choice of `chooseTarget` where nothing can be pulled or made. Does not refuse docker that the user named: the caller reports
 * what it lacks.
 */
export async function expectedTarget(
  wish: TargetWish,
  needs: readonly Capability[],
  signal: AbortSignal,
): Promise<TargetChoice> {
  if (wish === 'docker') return { name: 'docker', capabilities: capabilitiesOf('docker'), why: ASKED_FOR };
  const settings = dockerSettings();
  return await choose(wish, signal, async () => {
    for (const name of imagesFor(needs)) {
      if ((await findImage(name, settings, signal)) === undefined) throw absentImage(imageOf(settings, name));
    }
  });
}

async function choose(
  wish: TargetWish,
  signal: AbortSignal,
  requireImages: () => Promise<void>,
): Promise<TargetChoice> {
  if (wish === 'local') return { name: 'local', capabilities: capabilitiesOf('local'), why: ASKED_FOR };
  try {
    const daemon = await inspectDaemon(signal);
    if ('problem' in daemon) throw noDaemon(daemon.problem);
    await requireImages();
    const why =
      wish === 'docker'
        ? ASKED_FOR
        : `docker ${daemon.version} answers and every image is there (--target local takes processes instead)`;
    return { name: 'docker', capabilities: capabilitiesOf('docker'), why };
  } catch (error) {
    if (wish === 'docker' || !(error instanceof ExplainedError)) throw error;
    const { thing, observed } = error.explanation;
    return {
      name: 'local',
      capabilities: capabilitiesOf('local'),
      why: `Docker is not available (${thing}: ${observed})`,
      withoutDocker: thing === DAEMON ? 'no Docker daemon answers' : `${thing} is not available`,
    };
  }
}

function absentImage(reference: string): ExplainedError {
  return new ExplainedError({
    thing: `image ${reference}`,
    expected: 'to be in the docker daemon',
    observed: 'it is not there',
    nextStep: `docker pull ${reference}`,
  });
}

function noDaemon(problem: string): ExplainedError {
  return new ExplainedError({
    thing: DAEMON,
    expected: 'to answer',
    observed: problem,
    nextStep: 'Start Docker, or use --target local, which needs none.',
  });
}
