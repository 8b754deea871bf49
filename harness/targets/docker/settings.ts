import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import type { Capability } from '../../model/service.ts';
import { issuesInWords } from '../../model/text.ts';
import { imagesOf, registeredImages } from '../../registered/providers.ts';

/** A provider's name for an image, e.g. `velero`. */
export type ImageName = string;

/** Returns the name of every image that a provider has registered. */
export const imageNames = (): readonly ImageName[] => Object.keys(registeredImages());

export const pullPolicies = ['missing', 'never'] as const;

const settingsSchema = z.object({
  images: z.record(z.string(), z.string().regex(/^[a-z0-9][\w.:/@-]*$/i, 'is not an image reference')),
  pull: z.enum(pullPolicies),
});

/** Images to use, and whether to pull a missing one. A mirror registry or a newer release is one setting. */
export type DockerSettings = z.infer<typeof settingsSchema>;

/** Returns `DR_CONTRACTS_IMAGE_KIND_NODE` for `kind-node`. */
export const imageVariableOf = (name: ImageName): string =>
  `DR_CONTRACTS_IMAGE_${name.toUpperCase().replaceAll('-', '_')}`;

const PULL_VARIABLE = 'DR_CONTRACTS_PULL';

/**
 * Reads the settings in force: `DR_CONTRACTS_IMAGE_<NAME>` and `DR_CONTRACTS_PULL` (`missing`, the default, or `never`).
 * @throws {ExplainedError} for an invalid value.
 */
export function dockerSettings(environment: NodeJS.ProcessEnv = process.env): DockerSettings {
  const images = Object.entries(registeredImages()).map(([name, reference]) => [
    name,
    environment[imageVariableOf(name)] || reference,
  ]);
  const parsed = settingsSchema.safeParse({
    images: Object.fromEntries(images),
    pull: environment[PULL_VARIABLE] || 'missing',
  });
  if (parsed.success) return parsed.data;
  throw new ExplainedError(
    {
      thing: 'settings of the docker target',
      expected: `image references in DR_CONTRACTS_IMAGE_<NAME>, and one of ${pullPolicies.join(', ')} in ${PULL_VARIABLE}`,
      observed: issuesInWords(parsed.error),
      nextStep: 'Correct the variable, or unset it for the tested default.',
    },
    { cause: parsed.error },
  );
}

/** Returns the reference in force. @throws {ExplainedError} for a name that no provider has registered. */
export function imageOf({ images }: Pick<DockerSettings, 'images'>, name: ImageName): string {
  const reference = images[name];
  if (reference !== undefined) return reference;
  throw new ExplainedError({
    thing: `image ${name}`,
    expected: `one of ${imageNames().join(', ')}`,
    observed: 'no provider has registered an image of that name',
    nextStep: 'Name the image with its default reference in `images` of its provider.',
  });
}

/** Returns the images that these parts need; none for a capability that the docker target does not use. */
export function imagesFor(parts: Iterable<Capability>): readonly ImageName[] {
  const wanted = imagesOf('docker', parts);
  return imageNames().filter((name) => wanted.has(name));
}
