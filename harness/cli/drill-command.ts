import { relative } from 'node:path';
import { Activities } from '../base/activities.ts';
import { Scope } from '../base/scope.ts';
import type { ContractRun, ContractRunOptions, RunPlan, RunPrograms, StartStep } from '../contract/run-contracts.ts';
import type { DrillCounts } from '../contract/take-turns.ts';
import type { LedgerSubject } from '../evidence/entry.ts';
import type { RanBy } from '../model/audit.ts';
import { ExplainedError, messagesOf, summaryOf } from '../model/errors.ts';
import type { OpenTarget } from '../model/open-target.ts';
import type { PostureRecord } from '../model/posture.ts';
import type { DrillRecord, RunRecord } from '../model/record.ts';
import { RECORD_SCHEMA_VERSION } from '../model/record.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import { mistakeRecord } from '../project/mistakes.ts';
import { type PreparedRun, prepareRun } from '../project/prepare-run.ts';
import { describeRanBy } from '../project/ran-by.ts';
import { RunLedger } from '../project/run-ledger.ts';
import type { Programs } from '../project/start-target.ts';
import { describeTrigger } from '../project/trigger.ts';
import { knownDurations } from '../reporting/known-durations.ts';
import { createLiveView } from '../reporting/live-view.ts';
import { openOutFolder } from '../reporting/out-folder.ts';
import { createPlainLines } from '../reporting/plain-lines.ts';
import { linesWithoutControls } from '../reporting/plain-text.ts';
import { removeOldRuns } from '../reporting/retention.ts';
import type { OpenRunFolder } from '../reporting/run-folder.ts';
import { newRunId, openRunFolder } from '../reporting/run-folder.ts';
import { renderRunReport } from '../reporting/run-report.ts';
import type { ExitCode } from '../reporting/run-summary.ts';
import { summarise } from '../reporting/run-summary.ts';
import type { ReporterFaults, RunView } from '../reporting/run-view.ts';
import { createReporterFaults, guardedView } from '../reporting/run-view.ts';
import { traitsOf } from '../reporting/terminal.ts';
import type { TargetChoice } from '../targets/choose-target.ts';
import type { TargetWish } from '../targets/wishes.ts';
import { choiceLine, choiceLines, unprovedLines } from './choice-lines.ts';
import type { CommandIo } from './command-io.ts';
import { tellOfDeadRuns } from './dead-runs.ts';
import type { DrillParts } from './drill-parts.ts';
import { InterruptedError } from './interruption.ts';
import {
  CONTRACTS_LOADED,
  DRILLS,
  profileOf,
  stagesOf,
  TARGET_STARTED,
  TARGET_STOPPED,
  TOOLCHAIN,
} from './run-profile.ts';
import { writeReport } from './write-report.ts';

export interface DrillOptions {
  /** What is left out here, the configuration says. */
  readonly target?: TargetWish | undefined;
  /** Names of contracts; none for all. */
  readonly contracts: readonly string[];
  /** True when nobody named those contracts: one that the target cannot carry is left out. */
  readonly onlyIfCarried?: boolean;
  /** Only contracts whose files changed since a commit; true for the base branch, or HEAD. */
  readonly affected?: string | true | undefined;
  /** Drill contracts that the target cannot carry, too: they end as `unproven`. */
  readonly all: boolean;
  /** Only what needs no drill. */
  readonly posture?: boolean;
  /** Use the kept cluster, and keep it. */
  readonly keep: boolean;
  readonly json: boolean;
  /** Where records go, from the current folder. */
  readonly out?: string | undefined;
  readonly jobs?: number | undefined;
  readonly keepRuns?: number | undefined;
  /** Artefacts that are tested beside the commit, for the ledger. */
  readonly subjects?: readonly LedgerSubject[] | undefined;
}

/** How a run ended: its records and, when it broke off, why. */
interface Outcome {
  readonly run: ContractRun;
  readonly failure: { readonly thrown: unknown } | undefined;
  /** Undefined when the run ended before one was chosen. */
  readonly choice: TargetChoice | undefined;
  /** Undefined when the run ended before its contracts were read. */
  readonly plan: RunPlan | undefined;
}

/**
 * Runs the contracts, writes the run record, prints what happened.
 * @throws whatever kept the run from being made; by then its records are written and everything is stopped.
 */
export async function runDrill(options: DrillOptions, io: CommandIo, parts: DrillParts): Promise<ExitCode> {
  const { target, out, jobs, keepRuns } = options;
  const prepared = await prepareRun({ root: io.cwd, configFile: io.config, target, out, jobs, keepRuns });
  const contractFiles = await prepared.contractFiles();
  const { clock, environment, secrets } = io;
  using ledger = await RunLedger.open({ settings: prepared.ledger, clock, environment, secrets });
  for (const warning of ledger.warnings) io.stderr.write(`dr-contracts: warning: ${linesWithoutControls(warning)}\n`);
  await openOutFolder(prepared.outDir);
  await tellOfDeadRuns(prepared.outDir, io);
  await ledger.settle(prepared.outDir);
  await using folder = await openRunFolder(prepared.outDir, newRunId(io.clock));
  const ranBy = describeRanBy(environment);
  return await runInFolder({ options, io, parts, prepared, contractFiles, folder, ledger, ranBy });
}

interface RunContext {
  readonly options: DrillOptions;
  readonly io: CommandIo;
  readonly parts: DrillParts;
  readonly prepared: PreparedRun;
  readonly contractFiles: ContractFiles;
  readonly folder: OpenRunFolder;
  readonly ledger: RunLedger;
  readonly ranBy: RanBy;
}

async function runInFolder(context: RunContext): Promise<ExitCode> {
  const { options, io, prepared, folder, ledger } = context;
  const began = io.clock.now();
  const noted = createReporterFaults();
  const view = guardedView(createView(context, noted), noted);
  const activities = new Activities(io.clock);
  let outcome: Outcome;
  try {
    outcome = await makeRun(context, view, activities);
  } finally {
    await view[Symbol.asyncDispose]();
  }
  const ended = io.clock.now();
  const { run, failure, choice } = outcome;
  const unproved = {
    leftOut: (run.leftOut ?? []).map(({ lacking, ...rest }) => ({ ...rest, lacking: [...lacking] })),
    mistakes: (run.mistakes ?? []).map(mistakeRecord),
  };
  const record: RunRecord = {
    schemaVersion: RECORD_SCHEMA_VERSION,
    runId: folder.runId,
    began: began.utc,
    ended: ended.utc,
    durationMs: Math.round(ended.monotonicMs - began.monotonicMs),
    command: io.commandLine,
    ranBy: context.ranBy,
    target: choice?.name ?? wishOf(prepared),
    stages: stagesOf(activities),
    profile: profileOf(activities, run.records, began.monotonicMs),
    summary: summarise(run.records, failure === undefined, run.postures, unproved),
    drills: [...run.records],
    ...(run.postures === undefined || run.postures.length === 0 ? {} : { postures: [...run.postures] }),
    ...(unproved.leftOut.length === 0 ? {} : { leftOut: unproved.leftOut }),
    ...(unproved.mistakes.length === 0 ? {} : { mistakes: unproved.mistakes }),
    ...(failure === undefined
      ? {}
      : {
          failure: {
            messages: messagesOf(failure.thrown).map((message) => io.secrets?.redact(message) ?? message),
            interrupted: io.signal.reason instanceof InterruptedError,
          },
        }),
  };
  try {
    await publish(record, context, noted);
  } finally {
    await ledger.finish(record);
    tellOfLedger(ledger, io);
    await publishPage(record, outcome, context);
  }
  for (const line of [...choiceLines(choice, run.leftOut), ...unprovedLines(record)]) io.stderr.write(`${line}\n`);
  if (failure !== undefined) throw failure.thrown;
  if (run.records.length + (run.postures?.length ?? 0) === 0) throw nothingDrilled(options);
  // What is not in the ledger is not proved to anybody else.
  return ledger.problems.length > 0 && record.summary.exitCode === 0 ? 2 : record.summary.exitCode;
}

function tellOfLedger({ notes, problems }: RunLedger, io: CommandIo): void {
  for (const note of notes) io.stderr.write(`dr-contracts: note: ${linesWithoutControls(note)}\n`);
  for (const problem of problems) io.stderr.write(`dr-contracts: ${linesWithoutControls(problem)}\n`);
}

/** Runs to the end or to the first failure; keeps the records in either case. */
async function makeRun(context: RunContext, view: RunView, activities: Activities): Promise<Outcome> {
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
    return { target, capabilities, mustRunAll: wishOf(prepared) === 'auto' && isGate };
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
    if (options.keep && isGate) view.onProgress('--keep is ignored: a gate always starts fresh (CI is set)');
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
      project: { folder: prepared.project.folder, outDir: prepared.outDir },
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
      // Bad input: no run was made, so none is kept, and the latest one stays what it was.
      await folder.discard();
      throw thrown;
    }
    const records = withUnsaved(await folder.salvage(), drilled);
    return { run: { records, postures: checked }, choice, plan, failure: { thrown } };
  }
}

/** Where nothing is obtained, the target is opened without a part that needs a program. */
const programsOf =
  (programs: RunPrograms | undefined): Programs =>
  async (wanted) => {
    if (programs === undefined) throw new Error(`nobody obtains the programs of ${wanted.join(', ')}`);
    return await programs.of({ wanted, rendersManifests: false });
  };

/** Shows the target as being started while somebody waits for a part of it. */
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
  `${drilled} of ${planned} drilled${waiting === 0 ? '' : `; ${waiting} wait for programs that are being built`}`;

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

/** What lies in the folder, and what was judged and could not be saved there. */
function withUnsaved(salvaged: readonly DrillRecord[], drilled: readonly DrillRecord[]): readonly DrillRecord[] {
  const judged = new Map(drilled.map((record) => [record.drillId, record]));
  const known = new Set(salvaged.map(({ drillId }) => drillId));
  return [
    ...salvaged.map((record) => judged.get(record.drillId) ?? record),
    ...drilled.filter(({ drillId }) => !known.has(drillId)),
  ];
}

/** An abort surfaces as its own reason; whatever else came of it (a teardown that failed) must not be hidden behind it. */
function withReason(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted) return error;
  const { reason } = signal;
  if (messagesOf(error).includes(summaryOf(reason))) return reason;
  return new Error(`${summaryOf(reason)}, and then`, { cause: error });
}

function createView({ options, io }: RunContext, noted: ReporterFaults): RunView {
  const stream = options.json ? io.stderr : io.stdout;
  if (traitsOf(stream, io.environment).live) return createLiveView(stream, io.environment, io.clock, noted);
  return createPlainLines(io.clock, (line) => void stream.write(`${line}\n`));
}

/** Writes the record, then prints; when it cannot be written, prints all the same before it says so. */
async function publish(record: RunRecord, context: RunContext, noted: ReporterFaults): Promise<void> {
  const { options, io, prepared, folder } = context;
  const seenFrom = (path: string) => seen(path, io);
  const recordPaths = await folder.recordPaths();
  let runPath: string | undefined;
  try {
    runPath = seenFrom((await folder.write(record)).latestPath);
    await removeOldRuns(prepared.outDir, prepared.keepRuns);
  } finally {
    if (options.json) {
      io.stdout.write(`${JSON.stringify(record, undefined, 2)}\n`);
    } else {
      const report = renderRunReport(record, {
        traits: traitsOf(io.stdout, io.environment),
        recordPath: (drill) => seenFrom(recordPaths.get(drill.drillId) ?? folder.path),
        ...(runPath === undefined ? {} : { runPath }),
      });
      io.stdout.write(`\n${report}`);
    }
    for (const fault of noted.faults) io.stderr.write(`dr-contracts: note: ${fault}\n`);
  }
}

/**
 * Writes the page once the ledger holds the run: its gate reads the ledger. A page that cannot be written is told, and fails no run whose
 * record is there.
 */
async function publishPage(run: RunRecord, { plan }: Outcome, { options, io, prepared }: RunContext): Promise<void> {
  const { project, outDir, ledger } = prepared;
  const stated = plan && { promises: plan.promises, mistakes: run.mistakes ?? [] };
  try {
    const path = await writeReport(
      {
        run,
        project,
        outDir,
        ledger,
        ledgerOption:
          options.out === undefined || project.config.ledger.at !== undefined ? undefined : seen(ledger.at, io),
        load: stated && (async () => stated),
        isEndOfRun: true,
      },
      io,
    );
    (options.json ? io.stderr : io.stdout).write(`Report page: ${seen(path, io)}\n`);
  } catch (error) {
    const told = messagesOf(error).join(': ');
    io.stderr.write(`dr-contracts: note: there is no report page: ${io.secrets?.redact(told) ?? told}\n`);
  }
}

const seen = (path: string, { cwd }: CommandIo): string => shorter(relative(cwd, path), path);

function shorter(one: string, other: string): string {
  return one.length <= other.length ? one : other;
}

/** The command line's own default. */
const wishOf = ({ target = 'auto' }: PreparedRun): TargetWish => target;

function nothingDrilled(options: DrillOptions): ExplainedError {
  return new ExplainedError({
    thing: options.contracts.length === 0 ? 'the run' : `the run of ${options.contracts.join(', ')}`,
    expected: 'at least one drill',
    observed: 'none was run, so nothing is proved',
    nextStep: 'Run `dr-contracts list` to see the contracts and their drills.',
  });
}
