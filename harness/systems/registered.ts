import type { Provider, Supplies } from '../model/provider.ts';
import type { Capability } from '../model/service.ts';
import type { ToolName } from '../model/tools.ts';
import { kubernetesProvider, podsProvider, veleroProvider, volumesProvider } from './kubernetes/providers.ts';
import { natsClusterProvider, natsProvider, regionsProvider } from './nats/providers.ts';
import { enforcedAccessProvider, s3Provider } from './s3/providers.ts';

/**
 * Everything that targets can supply, one line a provider. What contracts may need, the tools and the images are derived from this list,
 * in its order.
 */
export const providers: readonly Provider[] = [
  natsProvider,
  natsClusterProvider,
  s3Provider,
  kubernetesProvider,
  veleroProvider,
  regionsProvider,
  podsProvider,
  volumesProvider,
  enforcedAccessProvider,
];

/** What contracts may need of a target. */
export const capabilities: readonly Capability[] = providers.map(({ capability }) => capability);

/** What a target of that name can give a contract. */
export const capabilitiesOf = (target: string): readonly Capability[] =>
  providers.filter(({ suppliedBy }) => target in suppliedBy).map(({ capability }) => capability);

/** Those parts, and what they stand on or bring along in that target. */
export function partsWith(target: string, wanted: Iterable<Capability>): ReadonlySet<Capability> {
  const parts = new Set<Capability>(wanted);
  // What is added while the set is walked is walked too.
  for (const part of parts) {
    for (const needed of providerOf(part)?.needs ?? []) parts.add(needed);
    for (const brought of suppliesOf(target, part)?.brings ?? []) parts.add(brought);
  }
  return parts;
}

/** The tools that a target takes for those parts, in no particular order. */
export const toolsOf = (target: string, wanted: Iterable<Capability>): ReadonlySet<ToolName> =>
  new Set([...partsWith(target, wanted)].flatMap((part) => suppliesOf(target, part)?.tools ?? []));

/** The names of the images that a target takes for those parts. */
export const imagesOf = (target: string, wanted: Iterable<Capability>): ReadonlySet<string> =>
  new Set([...partsWith(target, wanted)].flatMap((part) => suppliesOf(target, part)?.images ?? []));

/** Names of all images and their default references, which the drills are tested with. */
export const registeredImages: Readonly<Record<string, string>> = Object.assign(
  {},
  ...providers.map(({ images = {} }) => images),
);

/** Command lines that programs of the platform find on their PATH. */
export const commandLines: readonly ToolName[] = providers.flatMap(({ commandLines: names = [] }) => names);

/** @returns nothing for a capability that nobody has registered. */
export const providerOf = (capability: Capability): Provider | undefined =>
  providers.find((each) => each.capability === capability);

const suppliesOf = (target: string, capability: Capability): Supplies | undefined =>
  providerOf(capability)?.suppliedBy[target];
