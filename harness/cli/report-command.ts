import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type GateDecision, gateDecisionSchema } from '../evidence/gate/decision.ts';
import { contradictionIn } from '../evidence/gate/decision-contradictions.ts';
import { openLedgerStore, readLedger } from '../evidence/ledger/ledger-store.ts';
import { ExplainedError, namedByCaller, UsageError } from '../model/errors.ts';
import { type RunRecord, runRecordSchema } from '../model/run-record.ts';
import { type LedgerSettings, ledgerSettings, openProject, type Project } from '../project/prepare-run.ts';
import { goesOn } from '../reporting/earlier-runs.ts';
import { requireReplaceable } from '../reporting/replaceable-file.ts';
import { unlessMissing } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import type { LoadPromises } from './gate/ask-gate.ts';
import { readChecked } from './read-checked.ts';
import { shownPlace } from './shown-place.ts';
import { requireNamedLedger } from './verify-command.ts';
import { writeReport } from './write-report.ts';

export interface ReportOptions {
  /** Folder of the records, relative to the current folder. */
  readonly records?: string | undefined;
  /** Id of a kept run; the latest one when left out. */
  readonly run?: string | undefined;
  /** Path of the page, relative to the current folder; beside the latest record when left out. */
  readonly out?: string | undefined;
  /** Whether `out` may replace a file that this program did not write. */
  readonly force?: boolean | undefined;
  /** A folder, or `s3://bucket/prefix`; that of the configuration when left out. */
  readonly ledger?: string | undefined;
  /** Output of `dr-contracts gate --format json`, relative to the current folder. */
  readonly decision?: string | undefined;
}

/**
 * Writes the report page of a run again, from its record, the ledger and, where the project has a policy, the gate's decision. Drills
 * nothing.
 */
export async function runReport(options: ReportOptions, io: CommandIo, load: LoadPromises): Promise<0> {
  if (options.ledger !== undefined) await requireNamedLedger(options.ledger, io.cwd);
  const project = await openProject(io.cwd, io.config);
  const outDir = options.records === undefined ? project.outDir : resolve(io.cwd, options.records);
  const recordFile =
    options.run === undefined
      ? join(outDir, 'latest', 'run.json')
      : join(outDir, 'runs', options.run.replaceAll(/[^\w-]/g, ''), 'run.json');
  await requireEnded(recordFile, options, outDir);
  const readRun = () => readChecked(recordFile, 'run record', runRecordSchema, 'Run `dr-contracts drill` first.');
  const isNamed = options.run !== undefined || options.records !== undefined;
  const run = isNamed ? await namedByCaller(readRun) : await readRun();
  const usual = ledgerSettings(project, outDir);
  const ledger: LedgerSettings =
    options.ledger === undefined ? usual : { ...usual, at: options.ledger, folder: io.cwd };
  const file = options.out === undefined ? undefined : resolve(io.cwd, options.out);
  if (file !== undefined) {
    const folder = ledger.at.startsWith('s3:') ? ledger.at : resolve(ledger.folder, ledger.at);
    await namedByCaller(() => requireReplaceable(file, { force: options.force === true, ledger: folder }));
  }
  const isElsewhere = options.ledger !== undefined || (options.records !== undefined && !isLedgerNamed(project));
  const path = await writeReport(
    {
      run,
      project,
      outDir,
      ledger,
      ledgerOption: isElsewhere ? shownPlace(ledger.at, io.cwd, ledger.folder) : undefined,
      load,
      gate:
        options.decision === undefined
          ? undefined
          : await decisionIn(resolve(io.cwd, options.decision), run, ledger, io),
      // The gate's decision for an earlier run is that at the end of the run.
      at: options.run === undefined ? undefined : new Date(run.ended),
      file,
      isEndOfRun: false,
    },
    io,
  );
  io.stdout.write(`${relative(io.cwd, path)}\n`);
  return 0;
}

/**
 * @throws {ExplainedError} when the run is not finished, and when no run has ended here.
 * @throws {UsageError} for a named run that is not kept.
 */
async function requireEnded(recordFile: string, { run }: ReportOptions, outDir: string): Promise<void> {
  if ((await unlessMissing(() => stat(recordFile))) !== undefined) return;
  if (run === undefined) {
    throw new ExplainedError({
      thing: `run record ${recordFile}`,
      expected: 'a run that has ended',
      observed: 'none has ended here',
      nextStep: 'Run `dr-contracts drill` first, or wait for the run in progress to end.',
    });
  }
  if (await goesOn(dirname(recordFile))) {
    throw new ExplainedError({
      thing: `run ${run}`,
      expected: 'to have ended',
      observed: 'it is still running',
      nextStep: 'Wait for it to end.',
    });
  }
  const kept = (await unlessMissing(() => readdir(join(outDir, 'runs')))) ?? [];
  throw new UsageError({
    thing: `run ${run}`,
    expected: `a run that is kept in ${join(outDir, 'runs')}`,
    observed: 'there is none of that id',
    nextStep: kept.length === 0 ? 'No run is kept there.' : `The latest is ${kept.toSorted().at(-1)}.`,
  });
}

/** Returns true where the configuration names the ledger, whatever the folder of the records. */
const isLedgerNamed = ({ config }: Project): boolean => config.ledger.at !== undefined;

/**
 * Reads a decision that was made elsewhere. The page would show it as the decision on this run.
 * @throws {UsageError} for a file that is no decision, and for one that contradicts itself, the run or the ledger.
 */
async function decisionIn(path: string, run: RunRecord, ledger: LedgerSettings, io: CommandIo): Promise<GateDecision> {
  const nextStep = 'Write it with `dr-contracts gate --write json=FILE`.';
  const decision = await namedByCaller(() => readChecked(path, "gate's decision", gateDecisionSchema, nextStep));
  using store = await openLedgerStore(ledger.at, ledger.folder);
  const wrong = await contradictionIn(decision, run, readLedger(store, io.signal, 'newest first'));
  if (wrong === undefined) return decision;
  throw new UsageError({
    thing: `gate's decision ${path}`,
    expected: `a decision on run ${run.runId} and the ledger ${shownPlace(store.at, io.cwd)}`,
    observed: wrong,
    nextStep:
      'Ask the gate again, after the run and with the same ledger, or leave --decision out, so that the report asks the gate.',
  });
}
