import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { ImageLoading } from '../../systems/kubernetes/service.ts';
import type { DockerContext } from './context.ts';
import { docker } from './docker-command.ts';
import { madeName, makeImage } from './made-images.ts';

/**
 * Sees to it that the daemon has an image for pods: there, else pulled, else built from the folder that is named, else made of
 * the toolchain's own program where it has one. The last is slow from nothing (minutes), and says how long it took.
 * @throws {ExplainedError} when it is not there, cannot be pulled, and is none that can be made.
 */
export async function ensurePodImage(
  reference: string,
  { settings, clock }: Pick<DockerContext, 'settings' | 'clock'>,
  signal: AbortSignal,
  { progress = () => undefined, buildFrom }: ImageLoading = {},
): Promise<void> {
  if (await isThere(reference, signal)) return;
  let reason = 'DR_CONTRACTS_PULL=never';
  if (settings.pull !== 'never') {
    try {
      progress(`pulling ${reference}`);
      await docker(['pull', '--quiet', reference], signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      reason = summaryOf(error);
    }
  }
  if (buildFrom !== undefined) {
    progress(`building image ${reference} from ${buildFrom}`);
    await docker(['build', '--quiet', '--tag', reference, buildFrom], signal);
    return;
  }
  // A manifest asks for one name. What is made under another one is not the same program.
  if (madeName(reference) === reference && (await makeImage(reference, { clock, signal, progress }))) return;
  throw new ExplainedError({
    thing: `image ${reference}`,
    expected: 'to be in the docker daemon, or in a registry that it reaches',
    observed: `it is not there, and was not pulled: ${reason}`,
    nextStep: `Pull or load it (docker pull ${reference}), or name another one in the manifests.`,
  });
}

async function isThere(reference: string, signal: AbortSignal): Promise<boolean> {
  try {
    await docker(['image', 'inspect', '--format', '{{.Id}}', reference], signal);
    return true;
  } catch (error) {
    if (error instanceof ExplainedError && /no such image/i.test(error.explanation.observed)) return false;
    throw error;
  }
}
