import type { NeedsOfPromises, ProjectNeeds } from '../contract/wanted-parts.ts';
import { lastHalts } from '../evidence/history/past-runs.ts';
import { openLedgerStore, readLedger } from '../evidence/ledger/ledger-store.ts';
import { summaryOf } from '../model/errors.ts';
import { ledgerSettings, type Project } from '../project/prepare-run.ts';
import { dockerToolNames } from '../toolchain/recipes.ts';

export type CheckState = 'ok' | 'note' | 'missing';

export interface Check {
  readonly name: string;
  /** `missing` prevents a drill from running; `note` does not. */
  readonly state: CheckState;
  readonly wanted: string;
  readonly found: string;
  readonly from: string;
  /** The problem, for a check that is not ok. */
  readonly problem?: string;
  /** Contracts and postures that cannot be proved without it. */
  readonly contracts?: readonly string[];
  /** Command or step that fixes it. */
  readonly fix?: string;
}

/** Status of one part, found without obtaining it. */
export interface ToolStatus {
  readonly name: string;
  readonly wantedVersion: string;
  readonly foundVersion?: string | undefined;
  readonly source?: string | undefined;
  readonly path?: string | undefined;
  readonly missing?: boolean | string | undefined;
  readonly fix?: string | undefined;
  /** Program that builds or installs it; unknown when left out. */
  readonly builder?: string | undefined;
  /** True where a run tries to fetch it by itself. */
  readonly fetched?: boolean | undefined;
}

export interface BuilderStatus extends ToolStatus {
  /** Whether it builds something that is missing. */
  readonly needed: boolean;
}

const OBTAIN = 'npx dr-contracts toolchain';

function checkTool(tool: ToolStatus): Check {
  const isMissing = typeof tool.missing === 'string' || tool.missing === true || tool.foundVersion === undefined;
  return {
    name: tool.name,
    state: isMissing ? 'missing' : 'ok',
    wanted: tool.wantedVersion,
    found: tool.foundVersion ?? '-',
    from: tool.source ?? '-',
    ...(typeof tool.missing === 'string' ? { problem: tool.missing } : {}),
    ...(isMissing ? { fix: tool.fix ?? OBTAIN } : {}),
  };
}

/** Checks a tool without which a drill can start. */
function checkOptional(tool: ToolStatus): Check {
  const check = checkTool(tool);
  return check.state === 'missing' ? { ...check, state: 'note' } : check;
}

/** kind is used where it is installed; without it, the cluster is made from the node image. */
const REPLACEABLE = 'kind';

/** Checks a program for the contracts that need it. */
export function checkNeededTool(tool: ToolStatus, { target, promises }: ProjectNeeds): Check {
  if (tool.name === REPLACEABLE) return checkKind(tool, target === 'docker');
  if (promises === undefined)
    return dockerToolNames.some((name) => name === tool.name) ? checkOptional(tool) : checkTool(tool);
  const contracts = namesIn(promises.tools, tool.name);
  if (contracts.length === 0) return checkUnneeded(tool);
  // A run fetches it by itself.
  return withContracts(tool.fetched === true ? checkOptional(tool) : checkTool(tool), contracts);
}

/** Checks the daemon or an image. The local target needs neither. */
export function checkDockerPart(part: ToolStatus, { target, promises }: ProjectNeeds): Check {
  if (target !== 'docker') return checkOptional(part);
  if (!part.name.startsWith('image ')) return withContracts(checkTool(part), everyContract(promises));
  const contracts = promises === undefined ? [] : namesIn(promises.images, part.name.slice('image '.length));
  if (contracts.length === 0) {
    return promises === undefined
      ? checkOptional(part)
      : unused(checkOptional(part), 'no contract here needs a program that runs in it');
  }
  return withContracts(part.fetched === true ? checkOptional(part) : checkTool(part), contracts);
}

/** Checks Go or Python: missing only where it builds something that is missing. */
export function checkNeededBuilder(
  builder: BuilderStatus,
  tools: readonly { readonly status: ToolStatus; readonly check: Check }[],
): Check {
  if (!builder.needed) {
    const { fix: _, ...check } = checkOptional(builder);
    return unused(check, 'no program has to be built with it');
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
  const instead = isOfTarget ? 'not needed: the cluster is made from its node image' : 'only the docker target uses it';
  return { ...check, problem: `not found, and ${instead}` };
}

/** Checks a tool that no contract of the project needs, so that its absence prevents no drill. */
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

/** Time limit for reading the ledger while a user waits for the report. */
const READ_BUDGET_MS = 10_000;

/**
 * Lists the reasons that halt the roll-out, from the last posture checks in the project's ledger. They prevent no drill, so each is a note.
 * The list is empty where the project has no such check. A ledger in a bucket is not read: that requires credentials, and the gate does it.
 */
export async function haltChecks(project: Project): Promise<readonly Check[]> {
  const { at, folder } = ledgerSettings(project);
  if (at.startsWith('s3:')) return [];
  const rollOut = { name: 'roll-out', wanted: 'not halted', from: at };
  try {
    using store = await openLedgerStore(at, folder);
    const { contracts, halts } = await lastHalts(
      readLedger(store, AbortSignal.timeout(READ_BUDGET_MS), 'newest first'),
    );
    if (contracts === 0) return [];
    if (halts.length === 0) return [{ ...rollOut, state: 'ok', found: 'not halted' }];
    return halts.map(({ contract, check, at: checkedAt }) => ({
      ...rollOut,
      name: `roll-out: ${check.halts}`,
      state: 'note',
      found: `halted by ${contract}/${check.name}`,
      problem: `${contract}/${check.name} was ${check.verdict} at ${checkedAt}, and halts the roll-out. Owner: ${check.owner}. ${check.sentence}`,
      fix: `${check.nextStep ?? ''} \`npx dr-contracts drill --posture --contract ${contract}\` checks it again.`.trim(),
    }));
  } catch (error) {
    return [{ ...rollOut, state: 'note', found: '-', problem: `the ledger could not be read: ${summaryOf(error)}` }];
  }
}
