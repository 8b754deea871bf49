import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { PostureContract } from '../model/posture.ts';
import type { Capability } from '../model/service.ts';
import type { ToolName } from '../model/target.ts';
import { suggestion } from '../model/text.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { toolsFor } from '../project/start-target.ts';
import type { TargetChoice } from '../targets/choose-target.ts';
import { type ImageName, imagesFor } from '../targets/docker/settings.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import { loadPromises, type Promises } from './load.ts';
import { namesManifests } from './prepare.ts';

/** Needs of contracts: parts of a target, and programs of this machine. */
export interface WantedParts {
  readonly wanted: readonly Capability[];
  /** Whether a contract names manifests, which kubectl renders. */
  readonly rendersManifests: boolean;
}

export const wantedParts = ({ contracts, postures }: Pick<Promises, 'contracts' | 'postures'>): WantedParts => ({
  wanted: [...new Set([...partsOf(contracts), ...partsOfPostures(postures)])],
  rendersManifests: contracts.some(namesManifests),
});

/** Returns the programs that a target needs for those parts, and for the manifests. */
export const toolsOfParts = (target: TargetName, { wanted, rendersManifests }: WantedParts): readonly ToolName[] => [
  ...new Set([...toolsFor(target, wanted), ...(rendersManifests ? ['kubectl' as const] : [])]),
];

/** Needs of a project on this machine, for the target that a run would choose. */
export interface ProjectNeeds {
  readonly target: TargetName;
  /** Undefined where unknown: there is no contract, or one of them does not load. */
  readonly promises?: NeedsOfPromises;
}

/** Names of contracts and postures that cannot be proved without a program or an image. */
export interface NeedsOfPromises {
  readonly tools: ReadonlyMap<ToolName, readonly string[]>;
  readonly images: ReadonlyMap<ImageName, readonly string[]>;
}

/** Decides the target of a run for those parts. */
export type Choose = (
  wish: TargetWish,
  parts: readonly Capability[],
) => Promise<Pick<TargetChoice, 'name' | 'capabilities'>>;

/** Finds the needs of a project's contracts. @param wish the requested target; that of the configuration when left out. */
export async function needsOfProject(
  root: string,
  configFile: string | undefined,
  wish: TargetWish | undefined,
  choose: Choose,
): Promise<ProjectNeeds> {
  const found = await promisesOf(root, configFile);
  const wanted = wish ?? found?.target ?? 'auto';
  const { promises } = found ?? {};
  // Where the needs are unknown, docker is chosen only by name.
  if (promises === undefined) return { target: wanted === 'docker' ? 'docker' : 'local' };
  const { name: target, capabilities } = await choose(wanted, wantedParts(promises).wanted);
  const tools = new Map<ToolName, string[]>();
  const images = new Map<ImageName, string[]>();
  for (const { name, parts } of eachPromise(promises)) {
    if (!parts.needed.every((part) => capabilities.includes(part))) continue;
    const carried = { ...parts, wanted: parts.wanted.filter((part) => capabilities.includes(part)) };
    for (const tool of toolsOfParts(target, carried)) addTo(tools, tool, name);
    if (target === 'docker') for (const image of imagesFor(carried.wanted)) addTo(images, image, name);
  }
  return { target, promises: { tools, images } };
}

async function promisesOf(
  root: string,
  configFile: string | undefined,
): Promise<{ readonly target: TargetWish | undefined; readonly promises: Promises | undefined } | undefined> {
  let target: TargetWish | undefined;
  try {
    const project = await openProject(root, configFile);
    target = project.config.target;
    const promises = await loadPromises(await contractFilesOf(project));
    return { target, promises: promises.mistakes.length > 0 ? undefined : promises };
  } catch (error) {
    if (error instanceof ExplainedError) return { target, promises: undefined };
    throw error;
  }
}

function eachPromise({ contracts, postures }: Promises) {
  return [
    ...contracts.map((contract) => ({
      name: contract.name,
      parts: { ...wantedParts({ contracts: [contract], postures: [] }), needed: needsOf(contract) },
    })),
    ...postures.map((posture) => ({
      name: posture.name,
      parts: { wanted: partsOfPostures([posture]), rendersManifests: false, needed: posture.needs },
    })),
  ];
}

function addTo<Key>(map: Map<Key, string[]>, key: Key, name: string): void {
  map.set(key, [...(map.get(key) ?? []), name]);
}

/** A contract that was not drilled, or a posture that was not checked, because the target lacks its needs and the user did not name it. */
export interface LeftOut {
  readonly contract: string;
  readonly lacking: readonly Capability[];
  /** The project's reason for that, from its configuration. */
  readonly reason?: string;
  /** Whether it fails the run: a pipeline must not prove less than it seems to. */
  readonly failsRun?: boolean;
}

/** Contracts that a target cannot run, from the configuration: the reason, by target and contract. */
export type NotOn = Readonly<Partial<Record<TargetName, Readonly<Record<string, string>>>>>;

/** Adds to each left-out contract the project's reason, and whether it fails the run. */
export const excused = (
  leftOut: readonly LeftOut[],
  reasons: Readonly<Record<string, string>>,
  mustRunAll: boolean,
): readonly LeftOut[] =>
  leftOut.map((each) => {
    const reason = Object.hasOwn(reasons, each.contract) ? reasons[each.contract] : undefined;
    if (reason !== undefined) return { ...each, reason };
    return mustRunAll ? { ...each, failsRun: true } : each;
  });

/** @throws {ExplainedError} when `notOn` names an unknown contract: a renamed contract must not stay excused. */
export function requireKnown(notOn: NotOn, known: readonly string[]): void {
  for (const [target, reasons] of Object.entries(notOn)) {
    for (const name of Object.keys(reasons)) {
      if (known.includes(name)) continue;
      throw new ExplainedError({
        thing: `configuration: notOn.${target}`,
        expected: `names of contracts (${known.join(', ')})`,
        observed: `it names "${name}"${suggestion(name, known)}`,
        nextStep: 'Correct or remove the name.',
      });
    }
  }
}

export const needsOf = ({ asset, protectedBy }: Contract): readonly Capability[] => [
  ...new Set([...asset.needs, ...protectedBy.needs]),
];

/** Returns the parts of a target that the postures use: the needed and the merely preferred ones. */
export const partsOfPostures = (postures: readonly PostureContract[]): readonly Capability[] => [
  ...new Set(postures.flatMap(({ needs, prefers }) => [...needs, ...prefers])),
];

export const partsOf = (contracts: readonly Contract[]): readonly Capability[] => [
  ...new Set(contracts.flatMap((contract) => [...needsOf(contract), ...(contract.protectedBy.prefers ?? [])])),
];

/** Separates drilled contracts from left-out ones. With `drillAll`, none is left out: it becomes `unproven`, by name. */
export function partition(
  contracts: readonly Contract[],
  carried: readonly Capability[],
  drillAll: boolean,
): { readonly contracts: readonly Contract[]; readonly leftOut: readonly LeftOut[] } {
  const { kept, leftOut } = partitionBy(contracts, needsOf, carried, drillAll);
  return { contracts: kept, leftOut };
}

/** Separates postures likewise: one that lacks a part cannot be deployed, or not be checked completely. */
export function partitionPostures(
  postures: readonly PostureContract[],
  carried: readonly Capability[],
  checkAll: boolean,
): { readonly postures: readonly PostureContract[]; readonly leftOut: readonly LeftOut[] } {
  const { kept, leftOut } = partitionBy(postures, ({ needs }) => needs, carried, checkAll);
  return { postures: kept, leftOut };
}

function partitionBy<Promised extends { readonly name: string }>(
  promises: readonly Promised[],
  needs: (promised: Promised) => readonly Capability[],
  carried: readonly Capability[],
  keepAll: boolean,
): { readonly kept: readonly Promised[]; readonly leftOut: readonly LeftOut[] } {
  const lackingOf = (promised: Promised) => needs(promised).filter((need) => !carried.includes(need));
  if (keepAll) return { kept: promises, leftOut: [] };
  return {
    kept: promises.filter((promised) => lackingOf(promised).length === 0),
    leftOut: promises
      .filter((promised) => lackingOf(promised).length > 0)
      .map((promised) => ({ contract: promised.name, lacking: lackingOf(promised) })),
  };
}
