import { isAbsolute } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import type { Capability } from '../model/service.ts';
import type { ToolName } from '../model/target.ts';
import { gcsProvider, veleroGcsProvider } from '../systems/gcs/providers.ts';
import { kubernetesProvider, podsProvider, volumesProvider } from '../systems/kubernetes/providers.ts';
import { natsClusterProvider, natsProvider, regionsProvider } from '../systems/nats/providers.ts';
import { enforcedAccessProvider, s3Provider } from '../systems/s3/providers.ts';
import { veleroProvider } from '../systems/velero/providers.ts';
import type { FirstContract, ShippedProvider } from './first-contract.ts';
import { programs } from './programs.ts';
import type { Provider, Supplies } from './provider.ts';

/**
 * Everything that targets can supply, one line a provider. What contracts may need, the tools and the images are derived from this list,
 * in its order.
 */
const shipped: readonly ShippedProvider[] = [
  natsProvider,
  natsClusterProvider,
  s3Provider,
  kubernetesProvider,
  veleroProvider,
  regionsProvider,
  podsProvider,
  volumesProvider,
  enforcedAccessProvider,
  gcsProvider,
  veleroGcsProvider,
];

const registered: Provider[] = [...shipped];

/** Every provider: those that are shipped, and those that the configuration has named so far. */
export const providers = (): readonly Provider[] => registered;

/**
 * Adds providers of other packages. The same one may be registered again.
 * @throws {ExplainedError} for a capability that another provider has, and for a command line that cannot be put on a PATH.
 */
export function registerProviders(added: readonly Provider[]): void {
  for (const provider of added) {
    const known = providerOf(provider.capability);
    if (known === provider) continue;
    if (known !== undefined) throw takenTwice(provider.capability);
    requireCommandLines(provider);
    registered.push(provider);
  }
}

/** Capabilities that only another process of the run has providers of. */
const namedElsewhere = new Set<Capability>();

/**
 * Adds names of capabilities that another process of the run has read from the configuration. Contracts in this process may then name them.
 * This process cannot start anything of them.
 */
export function nameCapabilities(names: readonly Capability[]): void {
  for (const name of names) if (providerOf(name) === undefined) namedElsewhere.add(name);
}

/** What contracts may need of a target. */
export const capabilities = (): readonly Capability[] => [
  ...new Set([...registered.map(({ capability }) => capability), ...namedElsewhere]),
];

/** What `init` can write, by the capability of the provider that brings it. */
export const firstContracts: ReadonlyMap<Capability, FirstContract> = new Map(
  shipped.flatMap(({ capability, firstContract }) =>
    firstContract === undefined ? [] : [[capability, firstContract]],
  ),
);

/** What a target of that name can give a contract. */
export const capabilitiesOf = (target: string): readonly Capability[] =>
  registered.filter(({ suppliedBy }) => Object.hasOwn(suppliedBy, target)).map(({ capability }) => capability);

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
export const registeredImages = (): Readonly<Record<string, string>> =>
  Object.fromEntries(registered.flatMap(({ images = {} }) => Object.entries(images)));

/** @returns nothing for a capability that nobody has registered. */
export const providerOf = (capability: Capability): Provider | undefined =>
  registered.find((each) => each.capability === capability);

function suppliesOf(target: string, capability: Capability): Supplies | undefined {
  const supplies = providerOf(capability)?.suppliedBy ?? {};
  return Object.hasOwn(supplies, target) ? supplies[target] : undefined;
}

/** Programs that are on the PATH of the platform's programs, or that targets use, whatever providers bring along. */
const ownNames: ReadonlySet<string> = new Set(['node', ...programs.map(({ name }) => name)]);

function requireCommandLines({ capability, commandLines = {} }: Provider): void {
  for (const [name, path] of Object.entries(commandLines)) {
    const observed = wrongWith(name, path);
    if (observed === undefined) continue;
    throw new ExplainedError({
      thing: `command line ${name} of the provider of ${capability}`,
      expected: 'a plain name that no other program has, and an absolute path',
      observed,
      nextStep: 'Correct `commandLines` of the provider.',
    });
  }
}

function wrongWith(name: string, path: string): string | undefined {
  if (ownNames.has(name)) return 'dr-contracts has a program of that name';
  const owner = registered.find(({ commandLines = {} }) => Object.hasOwn(commandLines, name));
  if (owner !== undefined) return `the provider of ${owner.capability} has a program of that name`;
  if (!/^[\w.+-]*[\w+-]$/.test(name)) return 'the name cannot be that of a file';
  return isAbsolute(path) ? undefined : `its path is ${path}`;
}

const takenTwice = (capability: Capability): ExplainedError =>
  new ExplainedError({
    thing: `provider of ${capability}`,
    expected: 'to be the only one of its capability',
    observed: 'another provider supplies it',
    nextStep: 'Give its capability another name, or leave one of the two out of `providers` in the configuration.',
  });
