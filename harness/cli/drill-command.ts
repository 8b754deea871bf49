import { relative } from 'node:path';
import { Activities } from '../base/activities.ts';
import { ExplainedError, messagesOf } from '../model/errors.ts';
import type { RunRecord } from '../model/record.ts';
import { RECORD_SCHEMA_VERSION } from '../model/record.ts';
import { mistakeRecord } from '../project/mistakes.ts';
import { prepareRun } from '../project/prepare-run.ts';
import { describeRanBy } from '../project/ran-by.ts';
import { RunLedger } from '../project/run-ledger.ts';
import { createLiveView } from '../reporting/live-view.ts';
import { openOutFolder } from '../reporting/out-folder.ts';
import { createPlainLines } from '../reporting/plain-lines.ts';
import { removeOldRuns } from '../reporting/retention.ts';
import { newRunId, openRunFolder } from '../reporting/run-folder.ts';
import { renderRunReport } from '../reporting/run-report.ts';
import type { ExitCode } from '../reporting/run-summary.ts';
import { summarise } from '../reporting/run-summary.ts';
import type { ReporterFaults, RunView } from '../reporting/run-view.ts';
import { createReporterFaults, guardedView } from '../reporting/run-view.ts';
import { traitsOf } from '../reporting/terminal.ts';
import { linesWithoutControls } from '../reporting/text.ts';
import { handOverOf } from '../verdict/hand-over.ts';
import { choiceLines, unprovedLines } from './choice-lines.ts';
import type { CommandIo } from './command-io.ts';
import { tellOfDeadRuns } from './dead-runs.ts';
import type { DrillParts } from './drill-parts.ts';
import { InterruptedError } from './interruption.ts';
import { type DrillOptions, makeRun, type Outcome, type RunContext, wishOf } from './make-run.ts';
import { profileOf, stagesOf } from './run-profile.ts';
import { writeReport } from './write-report.ts';

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
  const made: RunRecord = {
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
  const record: RunRecord = { ...made, handOver: handOverOf(made) };
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

function nothingDrilled(options: DrillOptions): ExplainedError {
  return new ExplainedError({
    thing: options.contracts.length === 0 ? 'the run' : `the run of ${options.contracts.join(', ')}`,
    expected: 'at least one drill',
    observed: 'none was run, so nothing is proved',
    nextStep: 'Run `dr-contracts list` to see the contracts and their drills.',
  });
}
