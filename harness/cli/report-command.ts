import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { gateDecisionSchema } from '../evidence/gate/decision.ts';
import type { PageGate } from '../evidence/page/page-source.ts';
import { ExplainedError, namedByCaller, UsageError } from '../model/errors.ts';
import { runRecordSchema } from '../model/record.ts';
import { type LedgerSettings, ledgerSettings, openProject, type Project } from '../project/prepare-run.ts';
import { requireReplaceable } from '../reporting/replaceable-file.ts';
import { goesOn } from '../reporting/retention.ts';
import { explaining, unlessMissing } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import { describeIssues } from './failure.ts';
import type { LoadPromises } from './gate/ask-gate.ts';
import { shownPlace } from './shown-place.ts';
import { requireNamedLedger } from './verify-command.ts';
import { writeReport } from './write-report.ts';

export interface ReportOptions {
  /** Where records are, from the current folder. */
  readonly records?: string | undefined;
  /** Id of a kept run; the latest one when left out. */
  readonly run?: string | undefined;
  /** Where the page goes, from the current folder; beside the latest record when left out. */
  readonly out?: string | undefined;
  /** Whether `out` may replace a file that this program did not write. */
  readonly force?: boolean | undefined;
  /** A folder, or `s3://bucket/prefix`; as the configuration says when left out. */
  readonly ledger?: string | undefined;
  /** What `dr-contracts gate --format json` printed, from the current folder. */
  readonly decision?: string | undefined;
}

/**
 * Writes the report page of a run again, from its record, the ledger and, where the project has a policy, the gate's decision. It drills
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
      gate: options.decision === undefined ? undefined : await namedDecision(resolve(io.cwd, options.decision)),
      // What the gate would have said of an earlier run when it ended.
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
 * @throws {ExplainedError} when the run goes on, and when no run has ended here.
 * @throws {UsageError} for a run that is named and is not kept.
 */
async function requireEnded(recordFile: string, { run }: ReportOptions, outDir: string): Promise<void> {
  if ((await unlessMissing(() => stat(recordFile))) !== undefined) return;
  if (run === undefined) {
    throw new ExplainedError({
      thing: `run record ${recordFile}`,
      expected: 'a run that has ended',
      observed: 'none has ended here',
      nextStep: 'Run `dr-contracts drill` first, or wait for the run that goes on.',
    });
  }
  if (await goesOn(dirname(recordFile))) {
    throw new ExplainedError({
      thing: `run ${run}`,
      expected: 'a run that has ended',
      observed: 'it goes on',
      nextStep: 'Wait for its end.',
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

/** True where the configuration says where the ledger is, wherever the records go. */
const isLedgerNamed = ({ config }: Project): boolean => config.ledger.at !== undefined;

const namedDecision = (path: string): Promise<PageGate> =>
  namedByCaller(() =>
    readChecked(path, "gate's decision", gateDecisionSchema, 'Write it with `dr-contracts gate --write json=FILE`.'),
  );

interface Checked<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: Parameters<typeof describeIssues>[0] };
}

async function readChecked<T>(path: string, what: string, schema: Checked<T>, nextStep: string): Promise<T> {
  const thing = `${what} ${path}`;
  const wrong = (expected: string, observed: string, cause: unknown) =>
    new ExplainedError({ thing, expected, observed, nextStep }, { cause });
  const text = await explaining(thing, () => readFile(path, 'utf8'));
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw wrong('JSON', error instanceof Error ? error.message : String(error), error);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw wrong(`a ${what} of this version`, describeIssues(parsed.error), parsed.error);
}
