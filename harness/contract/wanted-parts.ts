import { ExplainedError } from '../model/errors.ts';
import type { Capability } from '../model/service.ts';
import type { ToolName } from '../model/tools.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { toolsFor } from '../project/start-target.ts';
import type { TargetChoice } from '../targets/choose-target.ts';
import { type ImageName, imagesFor } from '../targets/docker/settings.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import { needsOf, partsOf, partsOfPostures } from './left-out.ts';
import { loadPromises, type Promises } from './load.ts';
import { namesManifests } from './prepare.ts';

/** What contracts need of a target and of this machine. */
export interface WantedParts {
  readonly wanted: readonly Capability[];
  /** Whether a contract names manifests, which kubectl renders. */
  readonly rendersManifests: boolean;
}

export const wantedParts = ({ contracts, postures }: Pick<Promises, 'contracts' | 'postures'>): WantedParts => ({
  wanted: [...new Set([...partsOf(contracts), ...partsOfPostures(postures)])],
  rendersManifests: contracts.some(namesManifests),
});

/** The programs that a target takes for those parts, and for the manifests. */
export const toolsOfParts = (target: TargetName, { wanted, rendersManifests }: WantedParts): readonly ToolName[] => [
  ...new Set([...toolsFor(target, wanted), ...(rendersManifests ? ['kubectl' as const] : [])]),
];

/** What a project needs of this machine on the target that a run takes. */
export interface ProjectNeeds {
  readonly target: TargetName;
  /** Undefined where that is not known: there is no contract, or one of them does not load. */
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

/** What the contracts of a project need. @param wish the target that is asked for; the configuration says it when left out. */
export async function needsOfProject(
  root: string,
  configFile: string | undefined,
  wish: TargetWish | undefined,
  choose: Choose,
): Promise<ProjectNeeds> {
  const found = await promisesOf(root, configFile);
  const wanted = wish ?? found?.target ?? 'auto';
  const { promises } = found ?? {};
  // Where nobody knows what is needed, docker is taken only by name.
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
