import type { Activities } from '../base/activities.ts';
import { Scope } from '../base/scope.ts';
import type { ContractRun, ContractRunOptions, RunPlan, RunPrograms, StartStep } from '../contract/run-contracts.ts';
import type { DrillCounts } from '../contract/take-turns.ts';
import type { LedgerSubject } from '../evidence/entry.ts';
import type { RanBy } from '../model/audit.ts';
import { messagesOf, summaryOf } from '../model/errors.ts';
import type { PostureRecord } from '../model/posture.ts';
import type { DrillRecord } from '../model/record.ts';
import type { OpenTarget } from '../model/target.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import { pastRunsIn } from '../project/past-runs-in.ts';
import type { PreparedRun } from '../project/prepare-run.ts';
import { describeTrigger } from '../project/ran-by.ts';
import type { RunLedger } from '../project/run-ledger.ts';
import type { Programs } from '../project/start-target.ts';
import { knownDurations } from '../reporting/record-files.ts';
import type { OpenRunFolder } from '../reporting/run-folder.ts';
import type { RunView } from '../reporting/run-view.ts';
import type { TargetChoice } from '../targets/choose-target.ts';
import { drillsAtOnce } from '../targets/drills-at-once.ts';
import type { TargetWish } from '../targets/wishes.ts';
import { choiceLine } from './choice-lines.ts';
import type { CommandIo } from './command-io.ts';
import type { DrillParts } from './drill-parts.ts';
import { CONTRACTS_LOADED, DRILLS, TARGET_STARTED, TARGET_STOPPED, TOOLCHAIN } from './run-profile.ts';

export interface DrillOptions {
  /** The configuration's target when left out. */
  readonly target?: TargetWish | undefined;
  /** Names of contracts; none for all. */
  readonly contracts: readonly string[];
  /** True when the user did not name those contracts: one that the target cannot carry is left out. */
  readonly onlyIfCarried?: boolean;
  /** Only contracts whose files changed since a commit; true for the base branch, or HEAD. */
  readonly affected?: string | true | undefined;
  /** Also drill contracts that the target cannot carry: they end as `unproven`. */
  readonly all: boolean;
  /** Only checks that need no drill. */
  readonly posture?: boolean;
  /** Use the kept cluster, and keep it. */
  readonly keep: boolean;
  readonly json: boolean;
  /** Folder of the records, relative to the current folder. */
  readonly out?: string | undefined;
  readonly jobs?: number | undefined;
  readonly keepRuns?: number | undefined;
  /** Artefacts that are tested beside the commit, for the ledger. */
  readonly subjects?: readonly LedgerSubject[] | undefined;
}

/** End of a run: its records and, when it broke off, the reason. */
export interface Outcome {
  readonly run: ContractRun;
  readonly failure: { readonly thrown: unknown } | undefined;
  /** Undefined when the run ended before a target was chosen. */
  readonly choice: TargetChoice | undefined;
  /** Undefined when the run ended before its contracts were read. */
  readonly plan: RunPlan | undefined;
}

export interface RunContext {
  readonly options: DrillOptions;
  readonly io: CommandIo;
  readonly parts: DrillParts;
  readonly prepared: PreparedRun;
  readonly contractFiles: ContractFiles;
  readonly folder: OpenRunFolder;
  readonly ledger: RunLedger;
  readonly ranBy: RanBy;
}

/** Runs to the end or to the first failure; keeps the records in either case. */
export async function makeRun(context: RunContext, view: RunView, activities: Activities): Promise<Outcome> {
  const { options, io, parts, prepared, folder, ledger } = context;
  const isGate = (io.environment.CI ?? '') !== '';
  let targetAskedFor = false;
  const checked: PostureRecord[] = [];
  const drilled: DrillRecord[] = [];
  const began = io.clock.now().utc;
  let choice: TargetChoice | undefined;
  let plan: RunPlan | undefined;
  let programs: RunPrograms | undefined;
  const stepOf = ({ clock, signal }: StartStep, stage: string) => ({
    clock,
    signal,
    activities,
    progress: (message: string) => view.onProgress(message, stage),
  });
  const reached = (stage: string) =>
    folder.reached({ began, command: io.commandLine, ranBy: context.ranBy, target: choice?.name ?? 'local', stage });
  const carriedBy: ContractRunOptions['carriedBy'] = async (needs, given) => {
    choice = await parts.chooseTarget(wishOf(prepared), needs, stepOf(given, CONTRACTS_LOADED));
    view.onProgress(choiceLine(choice), CONTRACTS_LOADED);
    const { name: target, capabilities } = choice;
    return {
      target,
      capabilities,
      mustRunAll: wishOf(prepared) === 'auto' && isGate,
      drillsAtOnce: drillsAtOnce(target),
    };
  };
  const obtain: ContractRunOptions['obtain'] = async (wishes, given) => {
    view.onStageEnd(CONTRACTS_LOADED);
    view.onStage(TOOLCHAIN);
    await reached(TOOLCHAIN);
    const begun = await parts.obtainPrograms(choice?.name ?? 'local', wishes, stepOf(given, TOOLCHAIN));
    void Promise.allSettled(wishes.map((wish) => begun.of(wish))).then(() => view.onStageEnd(TOOLCHAIN));
    programs = begun;
    return begun;
  };
  const startTarget: ContractRunOptions['startTarget'] = async (needs, given) => {
    targetAskedFor = true;
    const name = choice?.name ?? 'local';
    const keep = options.keep && !isGate;
    view.onStage(TARGET_STARTED);
    if (options.keep && isGate)
      view.onProgress('--keep is ignored, because CI is set: a run in CI always starts with a new cluster');
    await reached(TARGET_STARTED);
    if (plan !== undefined) await beginInLedger(context, plan);
    const { sandbox } = prepared.project.config;
    const opened = await parts.startTarget(
      { name, needs, programs: programsOf(programs), keep, sandbox },
      stepOf(given, TARGET_STARTED),
    );
    await using undo = new Scope({ what: 'start of the target', clock: given.clock });
    undo.own('target', opened);
    await reached(DRILLS);
    undo.forget(opened);
    view.onStageEnd(TARGET_STARTED);
    view.onStage(DRILLS);
    return shown(opened, view);
  };
  try {
    view.onStage(CONTRACTS_LOADED);
    await using scratch = await parts.openScratch(io.clock);
    const run = await parts.runContracts({
      contractFiles: context.contractFiles,
      project: {
        folder: prepared.project.folder,
        outDir: prepared.outDir,
        readPastRuns: pastRunsIn(prepared.ledger, folder.runId),
      },
      notOn: prepared.project.config.notOn,
      only: options.contracts,
      onlyIfCarried: options.onlyIfCarried === true,
      all: options.all,
      postureOnly: options.posture === true,
      onPosture: (record) => checked.push(record),
      onDrilled: (record) => {
        drilled.push(record);
        ledger.drilled(record);
      },
      onPlanned: (planned) => {
        plan = planned;
      },
      obtain,
      carriedBy,
      startTarget,
      runId: folder.runId,
      outDir: folder.path,
      scratchDir: scratch.dir,
      jobs: prepared.jobs,
      clock: io.clock,
      signal: io.signal,
      listener: view.onDrill,
      activities,
      knownMs: await knownDurations(prepared.outDir),
      onCounts: (counts) => view.onProgress(countsLine(counts), DRILLS),
      ...(io.secrets === undefined ? {} : { secrets: io.secrets }),
      trigger: describeTrigger(io.environment),
      ranBy: context.ranBy,
      tuning: prepared.tuning,
    });
    return { run, choice, plan, failure: io.signal.aborted ? { thrown: io.signal.reason } : undefined };
  } catch (error) {
    const thrown = withReason(error, io.signal);
    if (!targetAskedFor && !io.signal.aborted) {
      // Bad input: no run was made, so none is kept, and the latest one stays the latest.
      await folder.discard();
      throw thrown;
    }
    const records = withUnsaved(await folder.salvage(), drilled);
    return { run: { records, postures: checked }, choice, plan, failure: { thrown } };
  }
}

/** Where nothing is obtained, the target opens without parts that need a program. */
const programsOf =
  (programs: RunPrograms | undefined): Programs =>
  async (wanted) => {
    if (programs === undefined) throw new Error(`nobody obtains the programs of ${wanted.join(', ')}`);
    return await programs.of({ wanted, rendersManifests: false });
  };

/** Shows the target as starting while a caller waits for one of its parts. */
function shown(opened: OpenTarget, view: RunView): OpenTarget {
  let waiting = 0;
  let stopped: Promise<void> | undefined;
  return {
    untilReady: async (parts) => {
      if (parts.length > 0 && waiting++ === 0) view.onStage(TARGET_STARTED);
      try {
        return await opened.untilReady(parts);
      } finally {
        if (parts.length > 0 && --waiting === 0) view.onStageEnd(TARGET_STARTED);
      }
    },
    [Symbol.asyncDispose]: () => {
      const stop = async () => {
        view.onStageEnd(DRILLS);
        view.onStage(TARGET_STOPPED);
        await opened[Symbol.asyncDispose]();
      };
      stopped ??= stop();
      return stopped;
    },
  };
}

const countsLine = ({ planned, drilled, waiting }: DrillCounts): string =>
  `${drilled} of ${planned} drilled${waiting === 0 ? '' : `; ${waiting} wait for their programs`}`;

function beginInLedger({ options, io, folder, ledger }: RunContext, { promises, facts }: RunPlan): Promise<void> {
  return ledger.begin({
    runId: folder.runId,
    path: folder.path,
    command: io.commandLine,
    facts,
    promises,
    selected: options.contracts.length === 0 ? null : options.contracts,
    subjects: options.subjects ?? [],
  });
}

/** Merges the records in the folder with those that were judged but could not be saved there. */
function withUnsaved(salvaged: readonly DrillRecord[], drilled: readonly DrillRecord[]): readonly DrillRecord[] {
  const judged = new Map(drilled.map((record) => [record.drillId, record]));
  const known = new Set(salvaged.map(({ drillId }) => drillId));
  return [
    ...salvaged.map((record) => judged.get(record.drillId) ?? record),
    ...drilled.filter(({ drillId }) => !known.has(drillId)),
  ];
}

/** Returns the reason of an abort; its consequences (e.g. a failed teardown) must not hide it. */
function withReason(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted) return error;
  const { reason } = signal;
  if (messagesOf(error).includes(summaryOf(reason))) return reason;
  return new Error(`${summaryOf(reason)}, and then`, { cause: error });
}

/** Returns the target, with the command line's own default. */
export const wishOf = ({ target = 'auto' }: PreparedRun): TargetWish => target;
