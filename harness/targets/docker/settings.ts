import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { issuesInWords } from '../../model/issue-words.ts';
import type { Capability } from '../../model/target.ts';
import { versions } from '../../toolchain/versions.ts';

export const imageNames = [
  'nats',
  'localstack',
  'kind-node',
  'velero',
  'velero-plugin-for-aws',
  'toxiproxy',
  'coredns',
  'nats-box',
] as const;
export type ImageName = (typeof imageNames)[number];

/** What the drills are tested with. */
const defaults: Readonly<Record<ImageName, string>> = {
  nats: 'nats:2.15.2',
  localstack: 'localstack/localstack:4.13.1',
  'kind-node': 'kindest/node:v1.34.4',
  velero: 'velero/velero:v1.18.3',
  'velero-plugin-for-aws': 'velero/velero-plugin-for-aws:v1.14.3',
  toxiproxy: 'ghcr.io/shopify/toxiproxy:2.5.0',
  coredns: `coredns/coredns:${versions.coredns}`,
  // Runs nowhere: the `nats` command line is copied out of it.
  'nats-box': `natsio/nats-box:${versions.nats}`,
};

const imagesOf: Readonly<Record<Capability, readonly ImageName[]>> = {
  nats: ['nats'],
  'nats-cluster': ['nats'],
  s3: ['localstack'],
  kubernetes: ['kind-node'],
  velero: ['localstack', 'kind-node', 'velero', 'velero-plugin-for-aws'],
  regions: ['nats', 'localstack', 'toxiproxy', 'coredns'],
  pods: ['kind-node'],
  volumes: ['kind-node'],
  // No image of this target enforces policies.
  'enforced-access': [],
};

export const pullPolicies = ['missing', 'never'] as const;
export type PullPolicy = (typeof pullPolicies)[number];

const settingsSchema = z.object({
  images: z.record(z.enum(imageNames), z.string().regex(/^[a-z0-9][\w.:/@-]*$/i, 'is no image reference')),
  pull: z.enum(pullPolicies),
});

/** Which images, and what to do about one that is not there. A mirror registry or a newer release is one setting. */
export type DockerSettings = z.infer<typeof settingsSchema>;

/** `DR_CONTRACTS_IMAGE_KIND_NODE` for `kind-node`. */
export const imageVariableOf = (name: ImageName): string =>
  `DR_CONTRACTS_IMAGE_${name.toUpperCase().replaceAll('-', '_')}`;

export const PULL_VARIABLE = 'DR_CONTRACTS_PULL';

/**
 * The settings in force: `DR_CONTRACTS_IMAGE_<NAME>` and `DR_CONTRACTS_PULL` (`missing`, the default, or `never`).
 * @throws {ExplainedError} for a value that cannot be meant.
 */
export function dockerSettings(environment: NodeJS.ProcessEnv = process.env): DockerSettings {
  const images = imageNames.map((name) => [name, environment[imageVariableOf(name)] || defaults[name]]);
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

/** The images that these parts take; nothing for a capability of which the docker target makes no use. */
export function imagesFor(parts: Iterable<Capability>): readonly ImageName[] {
  const wanted = new Set([...parts].flatMap((part) => imagesOf[part]));
  return imageNames.filter((name) => wanted.has(name));
}
