import { relative } from 'node:path';
import { Activities } from '../base/activities.ts';
import type { Affected } from '../contract/promise-facts.ts';
import { ExplainedError, messagesOf, UsageError } from '../model/errors.ts';
import { RECORD_SCHEMA_VERSION } from '../model/record.ts';
import type { RunRecord } from '../model/run-record.ts';
import { counted } from '../model/text.ts';
import { commitOf, gitIfAny } from '../process/git.ts';
import { baseNamed, findBase } from '../project/gate-files.ts';
import { mistakeRecord } from '../project/mistakes.ts';
import { openProject, type Project, prepareRun } from '../project/prepare-run.ts';
import { describeRanBy } from '../project/ran-by.ts';
import { RunLedger } from '../project/run-ledger.ts';
import { removeOldRuns } from '../reporting/earlier-runs.ts';
import { createLiveView } from '../reporting/live-view.ts';
import { openOutFolder } from '../reporting/out-folder.ts';
import { newRunId, openRunFolder } from '../reporting/run-folder.ts';
import { renderRunReport } from '../reporting/run-report.ts';
import { type ExitCode, summarise } from '../reporting/run-summary.ts';
import {
  createPlainLines,
  createReporterFaults,
  guardedView,
  type ReporterFaults,
  type RunView,
} from '../reporting/run-view.ts';
import { traitsOf } from '../reporting/terminal.ts';
import { linesWithoutControls } from '../reporting/text.ts';
import { handOverOf } from '../verdict/hand-over.ts';
import { choiceLines, unprovedLines } from './choice-lines.ts';
import type { CommandIo } from './command-io.ts';
import type { DrillParts } from './drill-parts.ts';
import { tellOfDeadRuns } from './gc-command.ts';
import { InterruptedError } from './interruption.ts';
import { type DrillOptions, makeRun, type Outcome, type RunContext, wishOf } from './make-run.ts';
import { profileOf, stagesOf } from './run-profile.ts';
import { writeReport } from './write-report.ts';

/**
 * Runs the contracts, writes the run record, and prints the results.
 * @throws the error that stopped the run; by then its records are written and everything is stopped.
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
  // A run outside the ledger proves nothing to others.
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

/** Writes the record, then prints the results. When the record cannot be written, still prints them before it fails. */
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
 * Writes the page after the ledger has the run, because the page's gate reads the ledger. A page that cannot be written is reported, and
 * fails no run with a written record.
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

export type AffectedContracts = (project: Project, since: string, signal: AbortSignal) => Promise<Affected>;

/** Drills the contracts whose files changed since a commit; exits 0 where there are none, because their proofs still hold. */
export async function drillAffected(
  options: DrillOptions,
  io: CommandIo,
  parts: DrillParts,
  affectedContracts: AffectedContracts,
): Promise<number> {
  const project = await openProject(io.cwd, io.config);
  const { commit, shown } = await sinceOf(options.affected, project, io);
  const { contracts, of } = await affectedContracts(project, commit, io.signal);
  if (contracts.length === 0) {
    io.stderr.write(`dr-contracts: none of ${counted(of, 'contract')} changed since ${shown}: nothing to drill\n`);
    return 0;
  }
  io.stderr.write(
    `dr-contracts: ${contracts.length} of ${counted(of, 'contract')} changed since ${shown}: ${contracts.join(', ')}\n`,
  );
  return await runDrill({ ...options, contracts, onlyIfCarried: true }, io, parts);
}

async function sinceOf(
  asked: DrillOptions['affected'],
  { folder }: Project,
  io: CommandIo,
): Promise<{ readonly commit: string; readonly shown: string }> {
  if (typeof asked === 'string') {
    const commit = await commitOf(folder, asked, io.signal);
    if (commit !== undefined) return { commit, shown: asked };
    throw new UsageError({
      thing: `--affected ${asked}`,
      expected: 'a commit of this repository',
      observed: 'git finds no commit of that name here',
      nextStep: 'Correct the name, or fetch the commit: a pipeline often fetches only the last one.',
    });
  }
  const name = baseNamed(io.environment);
  if (name === undefined) return { commit: 'HEAD', shown: 'HEAD' };
  const base = await findBase(folder, name, io.signal);
  // Changes on the base branch since then are not part of this change. A shallow checkout lacks the common commit; a comparison with the
  // base branch itself then shows too many changes, never too few.
  const found = await gitIfAny(folder, ['merge-base', base.commit, 'HEAD'], io.signal);
  const common = found?.trim() ?? base.commit;
  return { commit: common, shown: `${base.ref} (${common.slice(0, 10)})` };
}
