import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { gateDecisionSchema } from '../evidence/gate/decision.ts';
import type { PageGate } from '../evidence/page/page-source.ts';
import { ExplainedError } from '../model/errors.ts';
import { type RunRecord, runRecordSchema } from '../model/record.ts';
import { openProject } from '../project/prepare-run.ts';
import { makeFolder } from '../reporting/out-folder.ts';
import { explaining } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import { describeIssues } from './failure.ts';

export interface ReportOptions {
  /** Where records are, from the current folder. */
  readonly out?: string | undefined;
  /** Id of a kept run; the latest one when left out. */
  readonly run?: string | undefined;
  /** Where the page goes, from the current folder; beside the latest record when left out. */
  readonly file?: string | undefined;
  /** What `dr-contracts gate --format json` printed, from the current folder. */
  readonly decision?: string | undefined;
}

/** Writes the report page again, from the records that are kept. It drills nothing and judges nothing. */
export async function runReport(options: ReportOptions, io: CommandIo): Promise<0> {
  const project = await openProject(io.cwd, io.config);
  const outDir = options.out === undefined ? project.outDir : resolve(io.cwd, options.out);
  const recordFile =
    options.run === undefined
      ? join(outDir, 'latest', 'run.json')
      : join(outDir, 'runs', options.run.replaceAll(/[^\w-]/g, ''), 'run.json');
  const run = await readChecked(recordFile, 'run record', runRecordSchema, 'Run `dr-contracts drill` first.');
  const gate = options.decision === undefined ? undefined : await readDecision(resolve(io.cwd, options.decision));
  const path = await writeReport({
    run,
    outDir,
    projectFolder: project.folder,
    gate,
    file: options.file === undefined ? undefined : resolve(io.cwd, options.file),
    cwd: io.cwd,
  });
  io.stdout.write(`${relative(io.cwd, path)}\n`);
  return 0;
}

/** The page of a run, with what the project offers for it. */
export async function writeReport(wishes: {
  readonly run: RunRecord;
  readonly outDir: string;
  readonly projectFolder: string;
  readonly gate?: PageGate | undefined;
  readonly file?: string | undefined;
  readonly cwd: string;
}): Promise<string> {
  const { run, outDir, projectFolder, gate, file, cwd } = wishes;
  if (file !== undefined) await explaining(`report page ${file}`, () => makeFolder(dirname(file)));
  // Loaded late: no drill needs the renderer before it ends.
  const { writePage } = await import('../evidence/page/write-page.ts');
  return await writePage({
    outDir,
    run,
    file,
    gate,
    root: cwd,
    runbookFile: join(projectFolder, 'docs', 'runbook.md'),
  });
}

const readDecision = (path: string): Promise<PageGate> =>
  readChecked(path, "gate's decision", gateDecisionSchema, 'Write it with `dr-contracts gate --format json > FILE`.');

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
