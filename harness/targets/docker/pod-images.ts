import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { ImageLoading } from '../../systems/kubernetes/service.ts';
import type { DockerContext } from './context.ts';
import { docker } from './docker-command.ts';
import { madeName, makeImage } from './made-images.ts';

/**
 * Provides an image for pods in the daemon: uses an existing one, else pulls it, else builds it from the given folder, else makes it from
 * the toolchain's own program where there is one. The last takes minutes without a cache, and reports its time.
 * @throws {ExplainedError} when none of these is possible.
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
  // A manifest requests one exact name. An image made under another name is not the same program.
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
