import type { NeedsOfPromises, ProjectNeeds } from '../contract/wanted-parts.ts';
import { dockerToolNames } from '../toolchain/tool-names.ts';
import { type BuilderStatus, type Check, checkOptional, checkTool, type ToolStatus } from './doctor-check.ts';

const OBTAIN = 'npx dr-contracts toolchain';
/** kind is used where it is installed; without it the node image makes the cluster. */
const REPLACEABLE = 'kind';

/** A program, judged by the contracts that need it. */
export function checkNeededTool(tool: ToolStatus, { target, promises }: ProjectNeeds): Check {
  if (tool.name === REPLACEABLE) return checkKind(tool, target === 'docker');
  if (promises === undefined)
    return dockerToolNames.some((name) => name === tool.name) ? checkOptional(tool) : checkTool(tool);
  const contracts = namesIn(promises.tools, tool.name);
  if (contracts.length === 0) return checkUnneeded(tool);
  // A run fetches it by itself.
  return withContracts(tool.fetched === true ? checkOptional(tool) : checkTool(tool), contracts);
}

/** The daemon, or an image. On the local target nothing needs them. */
export function checkDockerPart(part: ToolStatus, { target, promises }: ProjectNeeds): Check {
  if (target !== 'docker') return checkOptional(part);
  if (!part.name.startsWith('image ')) return withContracts(checkTool(part), everyContract(promises));
  const contracts = promises === undefined ? [] : namesIn(promises.images, part.name.slice('image '.length));
  if (contracts.length === 0) {
    return promises === undefined
      ? checkOptional(part)
      : unused(checkOptional(part), 'nothing that a contract here needs runs in it');
  }
  return withContracts(part.fetched === true ? checkOptional(part) : checkTool(part), contracts);
}

/** Go or Python: missing only where it builds something that is missing. */
export function checkNeededBuilder(
  builder: BuilderStatus,
  tools: readonly { readonly status: ToolStatus; readonly check: Check }[],
): Check {
  if (!builder.needed) {
    const { fix: _, ...check } = checkOptional(builder);
    return unused(check, 'nothing has to be built by it');
  }
  const waiting = tools.filter(
    ({ status, check }) =>
      check.state === 'missing' && (status.builder === undefined || status.builder === builder.name),
  );
  return withContracts(checkTool(builder), [...new Set(waiting.flatMap(({ check }) => check.contracts ?? []))]);
}

function checkKind(tool: ToolStatus, isOfTarget: boolean): Check {
  const { fix: _, ...check } = checkOptional(tool);
  if (check.state === 'ok') return check;
  const instead = isOfTarget
    ? 'not needed: its node image makes a cluster without it'
    : 'only the docker target uses it';
  return { ...check, problem: `not found, and ${instead}` };
}

/** No contract of the project needs it, so its absence keeps no drill from starting. */
function checkUnneeded(tool: ToolStatus): Check {
  const check = unused(checkOptional(tool), 'no contract here needs it');
  return check.fix === OBTAIN ? { ...check, fix: `${OBTAIN} --all` } : check;
}

const unused = (check: Check, why: string): Check =>
  check.state === 'ok' ? check : { ...check, problem: `${check.problem ?? 'not found'}; ${why}` };

const withContracts = (check: Check, contracts: readonly string[]): Check =>
  check.state === 'ok' || contracts.length === 0 ? check : { ...check, contracts };

const namesIn = (map: ReadonlyMap<string, readonly string[]>, name: string): readonly string[] => map.get(name) ?? [];

const everyContract = (promises: NeedsOfPromises | undefined): readonly string[] => [
  ...new Set([...(promises?.tools.values() ?? [])].flat()),
];
