import { z } from 'zod';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { ToolInUse } from '../../model/target.ts';
import { docker } from './docker-command.ts';
import { type MakingStep, madeName, makeImage } from './made-images.ts';
import { type DockerSettings, type ImageName, imageOf, imageVariableOf } from './settings.ts';

const imageSchema = z.tuple([
  z.object({
    Id: z.string(),
    RepoDigests: z.array(z.string()).nullish(),
    Size: z.number(),
    Architecture: z.string(),
  }),
]);

export interface FoundImage {
  readonly name: ImageName;
  /** Its name in the daemon: the name from the settings, or that of the image made in its place. */
  readonly reference: string;
  /** Digest of its configuration, which names its layers by digest. */
  readonly id: string;
  /** In Go's terms, e.g. `amd64`. */
  readonly architecture: string;
  /** The registry's digest for an image from a registry, otherwise the image's own id. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Finds the image in the daemon, or the one made in its place; undefined when the daemon has neither. */
export async function findImage(
  name: ImageName,
  settings: DockerSettings,
  signal: AbortSignal,
): Promise<FoundImage | undefined> {
  const asked = imageOf(settings, name);
  const made = madeName(asked);
  const found = await inspectImage(name, asked, signal);
  return found ?? (made === undefined || made === asked ? undefined : await inspectImage(name, made, signal));
}

async function inspectImage(name: ImageName, reference: string, signal: AbortSignal): Promise<FoundImage | undefined> {
  try {
    const { stdout } = await docker(['image', 'inspect', reference], signal);
    const [{ Id, RepoDigests, Size, Architecture }] = imageSchema.parse(JSON.parse(stdout));
    const digest = RepoDigests?.[0] ?? Id;
    return { name, reference, id: Id, architecture: Architecture, digest, sizeBytes: Size };
  } catch (error) {
    if (error instanceof ExplainedError && /no such image/i.test(error.explanation.observed)) return undefined;
    throw error;
  }
}

/**
 * Provides every image: pulls a missing one where the settings permit it, and otherwise makes it from the toolchain's own program where
 * there is one.
 * @throws {ExplainedError} naming the first image that cannot be provided.
 */
export async function ensureImages(
  names: readonly ImageName[],
  settings: DockerSettings,
  step: MakingStep,
): Promise<readonly FoundImage[]> {
  const found = await Promise.all(names.map(async (name) => await findImage(name, settings, step.signal)));
  const images: FoundImage[] = [];
  for (const [index, name] of names.entries()) {
    images.push(found[index] ?? (await obtain(name, settings, step)));
  }
  return images;
}

async function obtain(name: ImageName, settings: DockerSettings, step: MakingStep): Promise<FoundImage> {
  const reference = imageOf(settings, name);
  const failure = await pull(reference, settings, step);
  if (failure !== undefined && !(await makeImage(reference, step))) {
    throw missing(name, reference, `it is not there, and ${failure.observed}`, failure.cause);
  }
  const image = await findImage(name, settings, step.signal);
  if (image === undefined) throw missing(name, reference, 'it was pulled or made, and is not there');
  return image;
}

/** @returns the reason why it was not pulled. */
async function pull(
  reference: string,
  settings: DockerSettings,
  step: MakingStep,
): Promise<{ readonly observed: string; readonly cause?: unknown } | undefined> {
  if (settings.pull === 'never') return { observed: 'DR_CONTRACTS_PULL=never' };
  step.progress(`pulling ${reference}`);
  try {
    await docker(['pull', '--quiet', reference], step.signal);
    return undefined;
  } catch (error) {
    step.signal.throwIfAborted();
    const observed = error instanceof ExplainedError ? error.explanation.observed : summaryOf(error);
    return { observed: `pulling it failed: ${observed}`, cause: error };
  }
}

function missing(name: ImageName, reference: string, observed: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    {
      thing: `image ${reference}`,
      expected: 'to be in the docker daemon, or in a registry that it reaches',
      observed,
      nextStep: `Pull or load it (docker pull ${reference}), or name another one in ${imageVariableOf(name)}; --target local needs none.`,
    },
    { cause },
  );
}

/** Returns the settings with the names of the found images. */
export const withFound = (settings: DockerSettings, images: readonly FoundImage[]): DockerSettings => ({
  ...settings,
  images: { ...settings.images, ...Object.fromEntries(images.map(({ name, reference }) => [name, reference])) },
});

/** Returns the exact image for the record. */
export function imageInUse({ name, reference, digest }: FoundImage): ToolInUse {
  return { name: `image ${name}`, version: reference, source: digest };
}
