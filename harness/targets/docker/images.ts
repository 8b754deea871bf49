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
  /** What it is called in the daemon: the name in the settings, or that of the image that was made instead. */
  readonly reference: string;
  /** Digest of its configuration, which names its layers by digest. */
  readonly id: string;
  /** In Go's words, e.g. `amd64`. */
  readonly architecture: string;
  /** The registry's digest where the image came from a registry, its own id otherwise. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** The image as the daemon has it, or the one that was made instead; undefined when it has neither. */
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
 * Every image, pulled where it is not there and the settings permit it, else made of the toolchain's own program where it has one.
 * @throws {ExplainedError} naming the first image that cannot be had.
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

/** @returns why it was not pulled. */
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

/** The settings with the names of the images that were found. */
export const withFound = (settings: DockerSettings, images: readonly FoundImage[]): DockerSettings => ({
  ...settings,
  images: { ...settings.images, ...Object.fromEntries(images.map(({ name, reference }) => [name, reference])) },
});

/** For the record: which image, exactly. */
export function imageInUse({ name, reference, digest }: FoundImage): ToolInUse {
  return { name: `image ${name}`, version: reference, source: digest };
}
