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

/** Shipped providers, one line each. The capabilities, the tools and the images are derived from this list, in its order. */
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

/** Returns every provider: the shipped ones, and those that the configuration has named so far. */
export const providers = (): readonly Provider[] => registered;

/**
 * Adds providers of other packages. A provider may be registered again.
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

/** Capabilities whose providers only another process of the run has. */
const namedElsewhere = new Set<Capability>();

/**
 * Adds names of capabilities that another process of the run has read from the configuration. Contracts in this process may then name them.
 * This process cannot start them.
 */
export function nameCapabilities(names: readonly Capability[]): void {
  for (const name of names) if (providerOf(name) === undefined) namedElsewhere.add(name);
}

/** Returns the capabilities that contracts may need of a target. */
export const capabilities = (): readonly Capability[] => [
  ...new Set([...registered.map(({ capability }) => capability), ...namedElsewhere]),
];

/** Contracts that `init` can write, by the capability of their provider. */
export const firstContracts: ReadonlyMap<Capability, FirstContract> = new Map(
  shipped.flatMap(({ capability, firstContract }) =>
    firstContract === undefined ? [] : [[capability, firstContract]],
  ),
);

/** Returns the capabilities of the target with this name. */
export const capabilitiesOf = (target: string): readonly Capability[] =>
  registered.filter(({ suppliedBy }) => Object.hasOwn(suppliedBy, target)).map(({ capability }) => capability);

/** Returns the parts with all parts that they need or bring on this target. */
export function partsWith(target: string, wanted: Iterable<Capability>): ReadonlySet<Capability> {
  const parts = new Set<Capability>(wanted);
  // The loop also visits parts that it adds to the set.
  for (const part of parts) {
    for (const needed of providerOf(part)?.needs ?? []) parts.add(needed);
    for (const brought of suppliesOf(target, part)?.brings ?? []) parts.add(brought);
  }
  return parts;
}

/** Returns the tools of a target for these parts, in no particular order. */
export const toolsOf = (target: string, wanted: Iterable<Capability>): ReadonlySet<ToolName> =>
  new Set([...partsWith(target, wanted)].flatMap((part) => suppliesOf(target, part)?.tools ?? []));

/** Returns the names of the images of a target for these parts. */
export const imagesOf = (target: string, wanted: Iterable<Capability>): ReadonlySet<string> =>
  new Set([...partsWith(target, wanted)].flatMap((part) => suppliesOf(target, part)?.images ?? []));

/** Returns the names of all images with their default references. The drills are tested with these. */
export const registeredImages = (): Readonly<Record<string, string>> =>
  Object.fromEntries(registered.flatMap(({ images = {} }) => Object.entries(images)));

/** Returns the provider of a capability; undefined for an unregistered one. */
export const providerOf = (capability: Capability): Provider | undefined =>
  registered.find((each) => each.capability === capability);

function suppliesOf(target: string, capability: Capability): Supplies | undefined {
  const supplies = providerOf(capability)?.suppliedBy ?? {};
  return Object.hasOwn(supplies, target) ? supplies[target] : undefined;
}

/** Names of programs on the PATH of the platform's programs, or in use by targets, that do not come from providers' `commandLines`. */
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
