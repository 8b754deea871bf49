import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { makeFolder } from '../base/files.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Plan, PlanHolder, PlanProof } from '../model/plan.ts';
import { type RunRecord, runRecordSchema } from '../model/run-record.ts';
import { counted } from '../model/text.ts';
import { type ContractFiles, contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { isUntouched, PLAN_MARK, proofsOnPage, renderPlan, summaryOf } from '../reporting/plan/plan-page.ts';
import {
  type KnownPosture,
  type KnownTest,
  knownHolders,
  proofsOfRun,
  proofsOfTests,
  seenFirst,
  testReportSchema,
} from '../reporting/plan/proofs.ts';
import { readRunRecords } from '../reporting/record-files.ts';
import { writeAtomically } from '../reporting/replaceable-file.ts';
import { digestOf, type RunbookContract } from '../reporting/runbook/runbook-contract.ts';
import { namesIn, unlessMissing } from '../reporting/system-error.ts';
import { onOneLine } from '../reporting/text.ts';
import { type JudgedLine, judgePlan, type KnownHolders } from '../verdict/plan.ts';
import type { CommandIo } from './command-io.ts';
import type { PartStep } from './drill-parts.ts';
import { readChecked } from './read-checked.ts';
import { readPlan } from './read-plan.ts';

export interface PlanOptions {
  /** Writes nothing; a line that is not held, or an outdated page, is an error. */
  readonly check: boolean;
  /** Replaces a file that this command did not write, or that was edited by hand. */
  readonly force?: boolean | undefined;
  /** The page, relative to the project's folder. */
  readonly file: string;
  /** Folder of the records, relative to the current folder; that of the configuration when left out. */
  readonly out?: string | undefined;
  /** Records of further runs, e.g. of another machine, relative to the current folder. */
  readonly runs?: readonly string[] | undefined;
}

/** A project's present promises, as far as they can hold a line of its plan. */
export interface PlannedPromises {
  readonly contracts: readonly RunbookContract[];
  readonly postures: readonly KnownPosture[];
}

export type LoadPlannedPromises = (
  contractFiles: ContractFiles,
  step: PartStep,
  outDir: string,
) => Promise<PlannedPromises>;

/**
 * Writes the plan with the holder of each line, its time and its target; or checks that every line is held and that the page says so.
 * @throws {ExplainedError} where the configuration names no plan; in a check, naming the first line that is not held and why.
 */
export async function runPlan(
  { check, force = false, file, out, runs = [] }: PlanOptions,
  io: CommandIo,
  load: LoadPlannedPromises,
): Promise<0> {
  const project = await openProject(io.cwd, io.config);
  const plan = await readPlan(project);
  const outDir = out === undefined ? project.outDir : resolve(io.cwd, out);
  const step = { clock: io.clock, signal: io.signal, progress: (message: string) => io.stderr.write(`${message}\n`) };
  const { contracts, postures } = await load(await contractFilesOf(project), step, outDir);
  const holders = plan.lines.flatMap(({ heldBy }) => heldBy);
  const tests = await testsThatExist(holders, project.folder);
  const known = knownHolders(contracts, postures, tests);
  const path = resolve(project.folder, file);
  const previous = await unlessMissing(() => readFile(path, 'utf8'));
  const named = await Promise.all(runs.map((run) => readRun(resolve(io.cwd, run))));
  const onPage = proofsOnPage(previous ?? '');
  const proofs = [
    ...onPage,
    ...[...(await readRunRecords(outDir)), ...named].flatMap(proofsOfRun),
    ...seenFirst(await proofsOfTestReports(join(outDir, 'tests'), tests), onPage),
  ];
  const lines = judgePlan(plan, known, proofs);
  if (check) {
    requireHeld(file, lines);
    requireCurrent(file, previous, plan, known);
    io.stdout.write(`${file} matches the plan, and every line is held (${lines.length}).\n`);
    return 0;
  }
  if (previous !== undefined && !force) refuseToReplace(file, previous);
  await makeFolder(dirname(path));
  await writeAtomically(path, renderPlan(plan, lines));
  io.stdout.write(`${file} written from runs in ${relative(io.cwd, outDir) || '.'}: ${summaryOf(lines)}\n`);
  for (const { line, problems } of lines) {
    for (const problem of problems) io.stdout.write(`${line.id}: ${onOneLine(problem)}\n`);
  }
  return 0;
}

const readRun = async (path: string): Promise<RunRecord> =>
  await readChecked(path, 'run record', runRecordSchema, 'Name the run.json that a drill left.');

/** Returns the holders that are tests whose file exists and names them, with the digest of that file. */
export async function testsThatExist(holders: readonly PlanHolder[], folder: string): Promise<readonly KnownTest[]> {
  const found = await Promise.all(
    holders.map(async (holder) => {
      if (!('test' in holder)) return [];
      const text = await unlessMissing(() => readFile(resolve(folder, holder.test), 'utf8'));
      return text?.includes(holder.name) === true ? [{ holder, definition: digestOf(text) }] : [];
    }),
  );
  return found.flat();
}

/** Reads the test reports, which lie in one folder per target. */
async function proofsOfTestReports(folder: string, tests: readonly KnownTest[]): Promise<readonly PlanProof[]> {
  const proofs: PlanProof[] = [];
  for (const target of await namesIn(folder)) {
    for (const name of (await namesIn(join(folder, target))).filter((each) => each.endsWith('.json'))) {
      const nextStep = 'Write it again: vitest run --reporter=json --outputFile=<file>, or remove the file.';
      const report = await readChecked(join(folder, target, name), 'report of tests', testReportSchema, nextStep);
      proofs.push(...proofsOfTests(report, target, tests));
    }
  }
  return proofs;
}

function requireHeld(file: string, lines: readonly JudgedLine[]): void {
  const notHeld = lines.filter(({ problems }) => problems.length > 0);
  const [first] = notHeld;
  if (first === undefined) return;
  const others = notHeld.slice(1).map(({ line }) => line.id);
  throw new ExplainedError({
    thing: `line ${first.line.id} of the plan ("${first.line.text}")`,
    expected: 'every drill, check and test that holds it to be met in the newest run',
    observed: first.problems.join('; ').replace(/\.+$/, ''),
    nextStep: `${others.length === 0 ? '' : `${counted(others.length, 'other line is', 'other lines are')} not held either: ${others.join(', ')}. `}Run the drills, checks and tests that hold it, then \`npx dr-contracts plan\`, which shows all of them in ${file}.`,
  });
}

/** Refuses a page that disagrees with the plan in a line. Newer runs are allowed. */
function requireCurrent(file: string, page: string | undefined, plan: Plan, known: KnownHolders): void {
  const wrong = (observed: string) =>
    new ExplainedError({
      thing: file,
      expected: 'to match the plan and the runs that the page names',
      observed,
      nextStep: 'Write it again: npx dr-contracts plan',
    });
  if (page === undefined) throw wrong('it does not exist');
  if (!isUntouched(page)) throw wrong('it was edited by hand');
  if (renderPlan(plan, judgePlan(plan, known, proofsOnPage(page))) !== page) {
    throw wrong('the plan, or a promise that holds a line, has changed since it was written');
  }
}

function refuseToReplace(file: string, page: string): void {
  if (page.trim() === '' || (page.startsWith(PLAN_MARK) && isUntouched(page))) return;
  throw new ExplainedError({
    thing: file,
    expected: 'a file that this command wrote, or none',
    observed: page.startsWith(PLAN_MARK) ? 'it was edited by hand' : 'it was not written by this command',
    nextStep: 'Nothing was written. Name another file with --file, or replace this one with --force.',
  });
}
