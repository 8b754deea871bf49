import { Scope } from '../base/scope.ts';
import { workThrough } from '../base/work-through.ts';
import type { Clock } from '../clock/clock.ts';
import { drillName } from '../drill/drill-name.ts';
import { newRecord, type RunFacts } from '../drill/new-record.ts';
import { UnsavedRecordError } from '../drill/run-drill.ts';
import type { DrillTuning } from '../drill/tuning.ts';
import type { PromiseFacts } from '../evidence/entry.ts';
import { manifestRenderer } from '../manifests/render.ts';
import type { RanBy } from '../model/audit.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import type { PostureProject, PostureRecord } from '../model/posture.ts';
import type { DrillRecord } from '../model/record.ts';
import type { RenderManifests } from '../model/rendering.ts';
import type { Secrets } from '../model/secrets.ts';
import { type Capability, capabilities, type Target } from '../model/target.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import { type ContractMistake, throwMistakes } from '../project/mistakes.ts';
import type { TargetName } from '../targets/wishes.ts';
import { judge } from '../verdict/judge.ts';
import { drillContract } from './drill-contract.ts';
import { newDrillId, recordSaver } from './drill-files.ts';
import { gatherFacts } from './facts.ts';
import { excused, type LeftOut, type NotOn, needsOf, partition, partsOf, requireKnown } from './left-out.ts';
import { checkPromises, loadPromises, namesOf, type Promises, selectPromises } from './load.ts';
import { namesManifests, preparePromises } from './prepare.ts';
import { plannedPromises } from './promise-facts.ts';
import { runPostures } from './run-postures.ts';

export interface StartStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

/** The target that will be started. */
export interface Carried {
  readonly target: TargetName;
  readonly capabilities: readonly Capability[];
  /** Whether the run fails for a contract that it cannot carry, unless the configuration expects that. */
  readonly mustRunAll: boolean;
}

export interface ContractRunOptions {
  readonly contractFiles: ContractFiles;
  /** Where the project lies and keeps its records. */
  readonly project: Pick<PostureProject, 'folder' | 'outDir'>;
  /** What the configuration says of contracts that a target cannot run. */
  readonly notOn?: NotOn;
  /** Names of contracts; empty for all. */
  readonly only: readonly string[];
  /** True when nobody named those: one that the target cannot carry is left out then, and not `unproven`. */
  readonly onlyIfCarried?: boolean;
  /** Only what needs no drill is checked. */
  readonly postureOnly?: boolean;
  /** Contracts that the target cannot carry are drilled (and `unproven`) too. A contract asked for by name always is. */
  readonly all?: boolean;
  /** Obtains the kubectl that renders manifests; asked for only when a contract names some. The target's own one when left out. */
  readonly obtainKubectl?: (step: StartStep) => Promise<string>;
  /** What the target that will be started can carry; everything when left out. */
  readonly carriedBy?: (parts: readonly Capability[], step: StartStep) => Promise<Carried>;
  readonly startTarget: (
    parts: readonly Capability[],
    step: StartStep,
  ) => Promise<{ readonly target: Target } & AsyncDisposable>;
  readonly runId: string;
  /** Folder of this run: drill records are written below it as `drills/<name>.json`. */
  readonly outDir: string;
  readonly scratchDir: string;
  /** How many drills run at the same time. */
  readonly jobs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  /** Every secret value that the run has met: what it prints or writes by itself passes these. */
  readonly secrets?: Secrets;
  readonly trigger: string;
  readonly ranBy?: RanBy;
  /** Told what the project promises and from which state, once it is known that something will be run. */
  readonly onPlanned?: (plan: RunPlan) => void;
  /** Told of each posture as soon as it is judged, so that it is kept when a drill breaks the run off. */
  readonly onPosture?: (record: PostureRecord) => void;
  /** Told of each drill as soon as it is judged, so that its verdict is kept when its record cannot be saved. */
  readonly onDrilled?: (record: DrillRecord) => void;
  /** Paces and budgets of the drills that differ from the usual. */
  readonly tuning?: Partial<DrillTuning>;
}

export interface RunPlan {
  /** Every promise of the project, whether this run drills it or not. */
  readonly promises: readonly PromiseFacts[];
  readonly facts: RunFacts;
}

export interface ContractRun {
  readonly postures?: readonly PostureRecord[];
  readonly records: readonly DrillRecord[];
  readonly stages: readonly { readonly name: string; readonly durationMs: number }[];
  /** Nobody asked for them by name, and the target cannot carry them. */
  readonly leftOut?: readonly LeftOut[];
  /** Contracts that were not run because of how they are written. */
  readonly mistakes?: readonly ContractMistake[];
}

const POSTURE = 'posture';
/** A target spends its own budget on each of its parts. */
const STOP_BUDGET_MS = 600_000;

interface PlannedDrill {
  readonly contract: Contract;
  readonly disaster: string;
}

/**
 * Loads the contracts, starts the target, runs and judges every drill.
 * @throws {ExplainedError} for an unknown name, or when no contract is well formed, before anything is started.
 */
export async function runContracts(options: ContractRunOptions): Promise<ContractRun> {
  const { clock, signal, listener } = options;
  const stages: { name: string; durationMs: number }[] = [];
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const beganMs = clock.monotonicMs();
    try {
      return await work();
    } finally {
      stages.push({ name, durationMs: clock.monotonicMs() - beganMs });
    }
  };

  const step: StartStep = {
    clock,
    signal,
    progress: (message) => listener({ kind: 'progress', drill: 'target', message }),
  };
  // Each path is rendered once a run, whoever asks.
  let renderer: Promise<RenderManifests> | undefined;
  const render = (): Promise<RenderManifests> | undefined => {
    const { obtainKubectl } = options;
    if (obtainKubectl === undefined) return undefined;
    renderer ??= obtainKubectl(step).then((kubectl) => manifestRenderer(kubectl, signal));
    return renderer;
  };
  const { loaded, promises } = await timed('contracts loaded', async () => {
    const loaded = await loadPromises(options.contractFiles);
    requireKnown(options.notOn ?? {}, namesOf(loaded));
    const checked = await checkPromises(selectPromises(loaded, options.only));
    return { loaded, promises: options.postureOnly === true ? checked : await prepared(checked, render) };
  });
  const { postures, mistakes } = promises;
  let all: Promise<Promises> | undefined;
  const project: PostureProject = {
    ...options.project,
    contracts: async () => loaded.contracts,
    drilledContracts: async () => {
      all ??= prepared({ contracts: loaded.contracts, postures: [], mistakes: [] }, render);
      const { contracts, mistakes } = await all;
      throwMistakes(mistakes);
      return contracts;
    },
  };
  const selected = options.postureOnly === true ? [] : promises.contracts;
  if (selected.length + postures.length === 0) {
    throwMistakes(mistakes);
    throw new ExplainedError({
      thing: 'this run',
      expected: `at least one ${options.postureOnly === true ? 'posture' : 'contract'} in contracts/**/*.spec.ts`,
      observed: 'there is none',
      nextStep:
        options.postureOnly === true
          ? 'Write one as docs/posture.md shows.'
          : 'Write one as the README shows, or let `npx dr-contracts init` write one.',
    });
  }
  const facts = await gatherFacts(
    {
      runId: options.runId,
      trigger: options.trigger,
      concurrentDrills: options.jobs,
      ...(options.ranBy === undefined ? {} : { ranBy: options.ranBy }),
    },
    signal,
    options.project.folder,
  );
  if (options.onPlanned !== undefined) {
    options.onPlanned({ promises: await plannedPromises(loaded, options.project), facts });
  }
  const postureParts = postures.flatMap(({ needs }) => needs);
  const wanted = [...new Set([...partsOf(selected), ...postureParts])];
  const chosen = await options.carriedBy?.(wanted, step);
  const carried = chosen?.capabilities ?? capabilities;
  const drillAll = options.all === true || (options.only.length > 0 && options.onlyIfCarried !== true);
  const { contracts, leftOut: lacking } = partition(selected, carried, drillAll);
  const leftOut =
    chosen === undefined ? lacking : excused(lacking, options.notOn?.[chosen.target] ?? {}, chosen.mustRunAll);
  const parts = [...new Set([...partsOf(contracts), ...postureParts])].filter((part) => carried.includes(part));
  const scope = new Scope({ what: 'the run', clock, releaseBudgetMs: STOP_BUDGET_MS });
  let records: readonly DrillRecord[];
  let checked: readonly PostureRecord[];
  try {
    const started = await scope.open('the target', () =>
      timed('target started', () => options.startTarget(parts, step)),
    );
    // First: drills then run on the platform as it is promised, and what is wrong on paper is known in seconds.
    checked =
      postures.length === 0 ? [] : await timed(POSTURE, () => runPostures(postures, started.target, project, options));
    const planned = contracts.flatMap((contract) => contract.survives.map((disaster) => ({ contract, disaster })));
    records = planned.length === 0 ? [] : await timed('drills', () => runAll(planned, started.target, facts, options));
  } catch (error) {
    throw await scope.closeAfter(error);
  }
  await timed('target stopped', () => scope[Symbol.asyncDispose]());
  return { records, stages, leftOut, mistakes, postures: checked };
}

/** Renders the manifests that contracts name. */
async function prepared(promises: Promises, render: () => Promise<RenderManifests> | undefined): Promise<Promises> {
  const renderer = promises.contracts.some(namesManifests) ? await render() : undefined;
  return renderer === undefined ? promises : await preparePromises(promises, renderer);
}

/** Runs the drills `jobs` at a time, and returns their records in the order of the plan. */
async function runAll(
  planned: readonly PlannedDrill[],
  target: Target,
  facts: RunFacts,
  options: ContractRunOptions,
): Promise<readonly DrillRecord[]> {
  const records = new Map<PlannedDrill, DrillRecord>();
  // Whole servers take longest to lose and replace: begun first, they do not end last.
  const heaviestFirst = [...planned].sort((a, b) => weightOf(b) - weightOf(a));
  await workThrough(heaviestFirst, options.jobs, options.signal, async (drill, signal) => {
    const record = await runPlanned(drill, target, facts, { ...options, signal });
    options.onDrilled?.(record);
    records.set(drill, record);
  });
  return planned.flatMap((drill) => records.get(drill) ?? []);
}

const weightOf = ({ contract, disaster }: PlannedDrill): number =>
  needsOf(contract).length * 10 + contract.survives.indexOf(disaster);

async function runPlanned(
  { contract, disaster }: PlannedDrill,
  target: Target,
  facts: RunFacts,
  options: ContractRunOptions,
): Promise<DrillRecord> {
  const { outDir: runDir, scratchDir, clock, signal, listener, tuning, secrets } = options;
  const lacking = needsOf(contract).filter((need) => !target.capabilities.includes(need));
  if (lacking.length > 0) return cannotProve(contract, disaster, lacking, target, facts, options);
  try {
    return await drillContract({
      contract,
      disaster,
      target,
      facts,
      runDir,
      scratchDir,
      clock,
      signal,
      listener,
      tuning,
      secrets,
    });
  } catch (error) {
    if (error instanceof UnsavedRecordError) options.onDrilled?.(error.record);
    throw error;
  }
}

/** A contract that this target cannot carry is in the record as `unproven`, with the reason; never left out. */
async function cannotProve(
  contract: Contract,
  disasterName: string,
  lacking: readonly Capability[],
  target: Target,
  facts: RunFacts,
  { clock, listener, outDir }: ContractRunOptions,
): Promise<DrillRecord> {
  const disaster = contract.asset.disasters.find(({ name }) => name === disasterName);
  if (disaster === undefined) throw new Error(`${contract.name} has no disaster ${disasterName}`);
  const record = newRecord(contract, disaster, target, facts, newDrillId(), clock.now());
  record.failure = {
    stage: 'needs',
    blame: 'harness',
    messages: [
      `the contract needs ${lacking.join(' and ')}, which the target "${target.name}" does not have`,
      ...(record.failure?.messages ?? []),
    ],
    aborted: false,
  };
  record.state = 'complete';
  record.moments.ended = clock.now();
  record.judgement = judge(record);
  await recordSaver(outDir)(record);
  listener({
    kind: 'judged',
    drill: drillName(contract.name, disasterName),
    judgement: record.judgement,
    durationMs: 0,
  });
  return record;
}
