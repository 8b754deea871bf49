import { Activities } from '../base/activities.ts';
import { Scope } from '../base/scope.ts';
import type { Clock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import type { DrillTuning } from '../drill/tuning.ts';
import type { PromiseFacts } from '../evidence/entry.ts';
import { manifestRenderer } from '../manifests/render.ts';
import type { RanBy } from '../model/audit.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import type { PostureContract, PostureProject, PostureRecord } from '../model/posture.ts';
import type { DrillRecord } from '../model/record.ts';
import type { RenderManifests } from '../model/rendering.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Capability } from '../model/service.ts';
import type { OpenTarget, Toolchain } from '../model/target.ts';
import { platformFolder } from '../process/platform-folder.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import { type ContractMistake, throwMistakes } from '../project/mistakes.ts';
import { capabilities } from '../registered/providers.ts';
import type { TargetName } from '../targets/wishes.ts';
import { withDefinitions } from './definitions.ts';
import { gatherFacts } from './facts.ts';
import { checkPromises, loadPromises, namesOf, selectPromises } from './load.ts';
import { namesManifests, preparePromises } from './prepare.ts';
import { plannedPromises } from './promise-facts.ts';
import { type ContractTurn, type DrillCounts, type Outcomes, type PostureTurn, takeTurns } from './take-turns.ts';
import {
  excused,
  type LeftOut,
  type NotOn,
  partition,
  partitionPostures,
  partsOf,
  partsOfPostures,
  requireKnown,
  type WantedParts,
} from './wanted-parts.ts';

export interface StartStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Records what is obtained and started, and when. */
  readonly activities?: Activities | undefined;
  progress(message: string): void;
}

/** Programs that are being obtained for a run. Disposal ends the builds that still run. */
export interface RunPrograms extends AsyncDisposable {
  /** Waits for the programs of those parts. @throws {ExplainedError} with the reason why one of them is not available. */
  of(wanted: WantedParts): Promise<Toolchain>;
}

/** The target that will be started. */
interface Carried {
  readonly target: TargetName;
  readonly capabilities: readonly Capability[];
  /** Whether a contract that it cannot carry fails the run, unless the configuration expects that. */
  readonly mustRunAll: boolean;
  /** Default number of concurrent drills. */
  readonly drillsAtOnce: number;
}

export interface ContractRunOptions {
  readonly contractFiles: ContractFiles;
  /** Folders of the project and of its records. */
  readonly project: Pick<PostureProject, 'folder' | 'outDir' | 'readPastRuns'>;
  /** Contracts that a target cannot run, from the configuration. */
  readonly notOn?: NotOn;
  /** Names of contracts; empty for all. */
  readonly only: readonly string[];
  /** True when the user did not name those: one that the target cannot carry is then left out instead of `unproven`. */
  readonly onlyIfCarried?: boolean;
  /** Check only what needs no drill. */
  readonly postureOnly?: boolean;
  /** Also drill contracts that the target cannot carry (they end as `unproven`). A contract named by the user is always drilled. */
  readonly all?: boolean;
  /** Returns the parts that the target to start can carry; all when left out. */
  readonly carriedBy?: (parts: readonly Capability[], step: StartStep) => Promise<Carried>;
  /**
   * Starts to obtain the programs of several wishes, each with the needs of one contract or posture. When left out, the target brings all
   * programs and renders manifests with its own kubectl.
   */
  readonly obtain?: (wishes: readonly WantedParts[], step: StartStep) => Promise<RunPrograms>;
  /** Opens the target; its parts may become ready one by one. */
  readonly startTarget: (parts: readonly Capability[], step: StartStep) => Promise<OpenTarget>;
  readonly runId: string;
  /** Folder of this run; drill records are written below it as `drills/<name>.json`. */
  readonly outDir: string;
  readonly scratchDir: string;
  /** Number of concurrent drills; the target's default when left out. */
  readonly jobs?: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  /** Every secret value that the run has seen; its own output is stripped of them. */
  readonly secrets?: Secrets;
  readonly trigger: string;
  readonly ranBy?: RanBy;
  /** Called with the project's promises and their state, once it is certain that something will run. */
  readonly onPlanned?: (plan: RunPlan) => void;
  /** Called for each posture as soon as it is judged, so that its record survives a drill that breaks the run off. */
  readonly onPosture?: (record: PostureRecord) => void;
  /** Called for each drill as soon as it is judged, so that its verdict is kept when its record cannot be saved. */
  readonly onDrilled?: (record: DrillRecord) => void;
  /** Called with the counts of the drills whenever they change. */
  readonly onCounts?: (counts: DrillCounts) => void;
  /** Durations of drills in earlier runs, by their names; the longest begin first. */
  readonly knownMs?: ReadonlyMap<string, number>;
  /** Records the run's activities with their times; created for the run when left out. */
  readonly activities?: Activities;
  /** Intervals and budgets of the drills that differ from the defaults. */
  readonly tuning?: Partial<DrillTuning>;
}

export interface RunPlan {
  /** Every promise of the project, whether or not this run drills it. */
  readonly promises: readonly PromiseFacts[];
  readonly facts: RunFacts;
}

export interface ContractRun {
  readonly postures?: readonly PostureRecord[];
  readonly records: readonly DrillRecord[];
  /** Contracts that the user did not name and the target cannot carry. */
  readonly leftOut?: readonly LeftOut[];
  /** Contracts that were not run because of mistakes in them. */
  readonly mistakes?: readonly ContractMistake[];
}

/** A target has a separate budget for each of its parts. */
const STOP_BUDGET_MS = 600_000;

/**
 * Loads the contracts, starts the target, runs and judges every drill as soon as its programs and parts are available.
 * @throws {ExplainedError} for an unknown name, or when no contract is well formed, before the target is started.
 */
export async function runContracts(options: ContractRunOptions): Promise<ContractRun> {
  const { clock, signal, listener, activities = new Activities(clock) } = options;
  const step: StartStep = {
    clock,
    signal,
    activities,
    progress: (message) => listener({ kind: 'progress', drill: 'target', message }),
  };
  const { loaded, promises } = await activities.time('loading', 'contracts', async () => {
    const written = await loadPromises(options.contractFiles);
    requireKnown(options.notOn ?? {}, namesOf(written));
    const folders = { ...options.project, platformDir: platformFolder() };
    // An unreadable file is reported by the drill or the check that reads it; its record then proves no definition.
    const loaded = await withDefinitions(written, folders, () => undefined);
    return { loaded, promises: await checkPromises(selectPromises(loaded, options.only)) };
  });
  const { postures: selectedPostures } = promises;
  const selected = options.postureOnly === true ? [] : promises.contracts;
  if (selected.length + selectedPostures.length === 0) {
    throwMistakes(promises.mistakes);
    throw nothingToRun(options);
  }
  const wanted = [...new Set([...partsOf(selected), ...partsOfPostures(selectedPostures)])];
  const chosen = await options.carriedBy?.(wanted, step);
  const jobs = options.jobs ?? chosen?.drillsAtOnce ?? 1;
  const facts = await gatherFacts(
    {
      runId: options.runId,
      trigger: options.trigger,
      concurrentDrills: jobs,
      ...(options.ranBy === undefined ? {} : { ranBy: options.ranBy }),
    },
    signal,
    options.project.folder,
  );
  if (options.onPlanned !== undefined) {
    options.onPlanned({ promises: await plannedPromises(loaded, options.project), facts });
  }
  const carried = chosen?.capabilities ?? capabilities();
  const drillAll = options.all === true || (options.only.length > 0 && options.onlyIfCarried !== true);
  const { contracts, leftOut: contractsLacking } = partition(selected, carried, drillAll);
  const { postures, leftOut: posturesLacking } = partitionPostures(selectedPostures, carried, drillAll);
  const lacking = [...contractsLacking, ...posturesLacking];
  const leftOut =
    chosen === undefined ? lacking : excused(lacking, options.notOn?.[chosen.target] ?? {}, chosen.mustRunAll);
  const carriedParts = (parts: readonly Capability[]) => parts.filter((part) => carried.includes(part));
  const partsOfContract = (contract: Contract) => carriedParts(partsOf([contract]));
  const wishOf = (contract: Contract): WantedParts => ({
    wanted: partsOfContract(contract),
    rendersManifests: namesManifests(contract),
  });
  const wishOfPosture = (posture: PostureContract): WantedParts => ({
    wanted: carriedParts(partsOfPostures([posture])),
    rendersManifests:
      posture.checks.some(({ readsContracts }) => readsContracts) && loaded.contracts.some(namesManifests),
  });
  const scope = new Scope({ what: 'the run', clock, releaseBudgetMs: STOP_BUDGET_MS });
  let outcomes: Outcomes;
  const mistakes = new MistakesFound(promises.mistakes);
  try {
    const wishes = [...contracts.map(wishOf), ...postures.map(wishOfPosture)];
    const { obtain } = options;
    const programs = obtain && (await scope.open('the programs', () => obtain(wishes, step)));
    // Each path is rendered once per run, for all callers.
    let renderer: Promise<RenderManifests> | undefined;
    const render = async (): Promise<RenderManifests | undefined> => {
      renderer ??= programs
        ?.of({ wanted: [], rendersManifests: true })
        .then((tools) => manifestRenderer(tools.path('kubectl'), signal));
      return await renderer;
    };
    const prepare = once(async (contract: Contract): Promise<Contract | undefined> => {
      const rendering = namesManifests(contract) ? await render() : undefined;
      if (rendering === undefined) return contract;
      const prepared = await preparePromises({ contracts: [contract], postures: [], mistakes: [] }, rendering);
      mistakes.add(contract, prepared.mistakes);
      return prepared.contracts[0];
    });
    const project: PostureProject = {
      ...options.project,
      contracts: async () => loaded.contracts,
      drilledContracts: async () => {
        const prepared = await Promise.all(loaded.contracts.map(prepare));
        throwMistakes(mistakes.of(loaded.contracts));
        return prepared.filter((contract) => contract !== undefined);
      },
    };
    if (postures.length === 0 && !(await isAnyWellFormed(contracts, prepare))) {
      throwMistakes(mistakes.of(selected));
    }
    const parts = carriedParts([...new Set([...partsOf(contracts), ...partsOfPostures(postures)])]);
    const opened = await scope.open('the target', () =>
      activities.time('starting', 'target', () => options.startTarget(parts, step)),
    );
    const contractTurns = contracts.map((contract): ContractTurn => {
      const obtained = programs?.of(wishOf(contract));
      const prepared = prepare(contract);
      // Also where a program is not available: the record then describes the contract with its manifests.
      const near = Promise.allSettled([obtained, prepared]);
      const ready = near.then(async () => {
        await obtained;
        const drilled = await prepared;
        return drilled && { ...(await opened.untilReady(partsOfContract(contract))), contract: drilled };
      });
      return { contract, prepared, near, ready };
    });
    const postureTurns = postures.map((posture): PostureTurn => {
      const near = programs?.of(wishOfPosture(posture)) ?? Promise.resolve();
      const ready = near.catch(() => undefined).then(() => withWhatIsThere(opened, wishOfPosture(posture).wanted));
      return { posture, near, ready };
    });
    outcomes = await takeTurns(postureTurns, contractTurns, { ...options, jobs, opened, project, facts, activities });
  } catch (error) {
    throw await activities.time('stopping', 'target', () => scope.closeAfter(error));
  }
  await activities.time('stopping', 'target', () => scope[Symbol.asyncDispose]());
  return { ...outcomes, leftOut, mistakes: mistakes.of(promises.contracts) };
}

/** Returns the target with the available parts, and the reasons why the others are missing. */
async function withWhatIsThere(opened: OpenTarget, parts: readonly Capability[]) {
  const missing = new Map<Capability, string>();
  await Promise.all(
    parts.map(async (part) => {
      await opened.untilReady([part]).catch((error: unknown) => missing.set(part, summaryOf(error)));
    }),
  );
  const { target } = await opened.untilReady(parts.filter((part) => !missing.has(part)));
  return { target, missing };
}

/** Returns whether the author's text lets one of them be drilled. One whose programs are not available is recorded, not refused. */
async function isAnyWellFormed(
  contracts: readonly Contract[],
  prepare: (contract: Contract) => Promise<Contract | undefined>,
): Promise<boolean> {
  if (contracts.length === 0) return true;
  const { promise: found, resolve } = Promise.withResolvers<true>();
  const preparing = contracts.map(async (contract) => {
    const isMistaken = await prepare(contract).then(
      (prepared) => prepared === undefined,
      () => false,
    );
    if (!isMistaken) resolve(true);
    return !isMistaken;
  });
  return await Promise.race([found, Promise.all(preparing).then((wellFormed) => wellFormed.includes(true))]);
}

/** Mistakes in contracts, reported in the order of the contracts, whenever each was found. */
class MistakesFound {
  readonly #atLoading: readonly ContractMistake[];
  readonly #inManifests = new Map<Contract, readonly ContractMistake[]>();

  constructor(atLoading: readonly ContractMistake[]) {
    this.#atLoading = atLoading;
  }

  add(contract: Contract, mistakes: readonly ContractMistake[]): void {
    this.#inManifests.set(contract, mistakes);
  }

  of(contracts: readonly Contract[]): readonly ContractMistake[] {
    return [...this.#atLoading, ...contracts.flatMap((contract) => this.#inManifests.get(contract) ?? [])];
  }
}

/** Does the work once for each key. */
function once<Key, Value>(work: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const begun = new Map<Key, Promise<Value>>();
  return (key) => {
    const known = begun.get(key);
    if (known !== undefined) return known;
    const started = work(key);
    begun.set(key, started);
    return started;
  };
}

function nothingToRun({ postureOnly }: ContractRunOptions): ExplainedError {
  return new ExplainedError({
    thing: 'this run',
    expected: `at least one ${postureOnly === true ? 'posture' : 'contract'} in contracts/**/*.spec.ts`,
    observed: 'there is none',
    nextStep:
      postureOnly === true
        ? 'Write one as docs/posture.md shows.'
        : 'Write one as the README shows, or let `npx dr-contracts init` write one.',
  });
}
