import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Scope } from '../base/scope.ts';
import { systemClock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import { ExplainedError } from '../model/errors.ts';
import { RECORD_SCHEMA_VERSION } from '../model/record.ts';
import type { RunRecord } from '../model/run-record.ts';
import { type ContractFiles, filesMatching, notReadOf } from '../project/contract-files.ts';
import { throwMistakes } from '../project/mistakes.ts';
import { readyMadeFor } from '../project/obtain-tools.ts';
import { type PreparedRun, prepareRun } from '../project/prepare-run.ts';
import { describeRanBy, describeTrigger } from '../project/ran-by.ts';
import { RunLedger } from '../project/run-ledger.ts';
import { openTarget } from '../project/start-target.ts';
import { capabilities } from '../registered/providers.ts';
import { closeDeadRuns, removeOldRuns } from '../reporting/earlier-runs.ts';
import { openOutFolder } from '../reporting/out-folder.ts';
import { newRunId, type OpenRunFolder, openRunFolder } from '../reporting/run-folder.ts';
import { summarise } from '../reporting/run-summary.ts';
import { chooseTarget } from '../targets/choose-target.ts';
import { type TargetName, type TargetWish, targetWishes } from '../targets/wishes.ts';
import { beginObtaining } from '../toolchain/obtain.ts';
import type { ProvidedContext } from './attach-target.ts';
import { gatherFacts } from './facts.ts';
import { loadPromises, namesOf } from './load.ts';
import { plannedPromises } from './promise-facts.ts';
import { requireKnown, toolsOfParts, type WantedParts, wantedParts } from './wanted-parts.ts';

const STOP_BUDGET_MS = 120_000;
const TARGET = 'DR_CONTRACTS_TARGET';

interface SetupOptions {
  /** Starts every part of the target, whatever the contracts need. */
  readonly everything: boolean;
}

/** Prepares the run of a vitest project as the command line prepares its own, starts the target, and returns the teardown. */
export async function setUpRun(project: TestProject, options: SetupOptions): Promise<() => Promise<void>> {
  const ended = new AbortController();
  const { signal } = ended;
  const scope = new Scope({ what: 'run of vitest', clock: systemClock, releaseBudgetMs: STOP_BUDGET_MS });
  const step = { clock: systemClock, signal, progress: () => undefined };
  try {
    const prepared = await prepareRun({ root: project.config.root, target: wishIn(process.env) });
    await requireAllRead(project, prepared);
    const wish = prepared.target ?? 'local';
    const { wanted, rendersManifests } = options.everything ? everything() : await partsWanted(project, prepared);
    const choice = await chooseTarget(wish, wanted, step);
    const parts = wanted.filter((part) => choice.capabilities.includes(part));
    const obtaining = { ...step, progress: (message: string) => void process.stderr.write(`${message}\n`) };
    const programs = scope.own(
      'programs',
      beginObtaining([toolsOfParts(choice.name, { wanted: parts, rendersManifests })], {
        ...obtaining,
        readyMade: await readyMadeFor(choice.name, obtaining),
      }),
    );
    const opened = await scope.open('target', () =>
      openTarget(
        {
          name: choice.name,
          needs: parts,
          // Suites render manifests with the kubectl of their target.
          programs: async (needs) =>
            await programs.obtained(toolsOfParts(choice.name, { wanted: needs, rendersManifests })),
          keep: false,
          sandbox: prepared.project.config.sandbox,
        },
        step,
      ),
    );
    const { handle } = await opened.untilReady(parts);
    const runs = await scope.open('folder of the run', () => openRuns(prepared));
    const { folder, platformDir, config } = prepared.project;
    const facts = await gatherFacts(
      {
        runId: runs.runId,
        trigger: describeTrigger(process.env),
        ranBy: describeRanBy(process.env),
        concurrentDrills: workersOf(project),
      },
      signal,
      folder,
    );
    const evidence = options.everything
      ? undefined
      : await beginEvidence({ prepared, runs, facts, target: choice.name });
    project.provide('drContracts', {
      handle,
      capabilities: [...choice.capabilities],
      knownCapabilities: [...capabilities()],
      runDir: runs.path,
      facts,
      project: { folder, platformDir, outDir: prepared.outDir, ...configFileOf(prepared) },
      tuning: prepared.tuning,
      notOn: config.notOn[choice.name] ?? {},
      mustRunAll: wish === 'auto' && (process.env['CI'] ?? '') !== '',
    } satisfies ProvidedContext);
    return async () => {
      ended.abort(new Error('vitest has ended'));
      await evidence?.end();
      await scope[Symbol.asyncDispose]();
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

const configFileOf = ({ project: { configFile } }: PreparedRun) => (configFile === undefined ? {} : { configFile });

/** @throws {ExplainedError} for an unknown target. */
function wishIn(environment: NodeJS.ProcessEnv): TargetWish | undefined {
  const given = environment[TARGET] ?? '';
  if (given === '') return undefined;
  const wish = targetWishes.find((each) => each === given);
  if (wish !== undefined) return wish;
  throw new ExplainedError({
    thing: `the environment variable ${TARGET}`,
    expected: `one of ${targetWishes.join(', ')}`,
    observed: `it is "${given}"`,
    nextStep: 'Correct or unset it.',
  });
}

/** Opens a folder below `<out>/vitest` for this run alone: existing files stay, except for old runs of this kind. */
async function openRuns({ outDir, keepRuns }: PreparedRun) {
  const own = join(outDir, 'vitest');
  await openOutFolder(own);
  const folder = await openRunFolder(own, newRunId(systemClock));
  await removeOldRuns(own, keepRuns);
  return folder;
}

/** Returns the number of files that vitest runs at once; the drills of one file run in sequence. */
function workersOf({ config }: TestProject): number {
  const workers = Number(config.maxWorkers);
  return Number.isInteger(workers) && workers > 0 ? workers : availableParallelism();
}

/**
 * Refuses a contract that neither vitest nor the configuration reads: a passing run would miss it. Does nothing where the command line
 * names projects: the others may read it.
 * @throws {ExplainedError} that names the files.
 */
async function requireAllRead(project: TestProject, { project: { folder, config } }: PreparedRun): Promise<void> {
  const { projects, config: asCalled } = project.vitest;
  if ([asCalled.project ?? []].flat().length > 0) return;
  const tested = await Promise.all(projects.map(testFilesOf));
  const configured = await filesMatching(config.contracts, folder);
  throwMistakes(await notReadOf({ folder, config }, [...new Set([...tested.flat(), ...configured])]));
}

const everything = (): WantedParts => ({ wanted: capabilities(), rendersManifests: true });

/**
 * Returns the parts that the project's contracts need. Returns all where that is unknown: a contract does not load here (vitest can read
 * files that Node cannot), or lies outside the configuration's patterns.
 */
async function partsWanted(project: TestProject, prepared: PreparedRun): Promise<WantedParts> {
  let files: ContractFiles;
  try {
    files = await prepared.contractFiles();
  } catch (error) {
    if (error instanceof ExplainedError) return everything();
    throw error;
  }
  const promises = await loadPromises(files);
  requireKnown(prepared.project.config.notOn, namesOf(promises));
  if (promises.mistakes.length > 0) return everything();
  for (const file of await testFilesOf(project)) {
    if (!files.files.includes(file) && (await statesPromises(file))) return everything();
  }
  return wantedParts(promises);
}

async function testFilesOf(project: TestProject): Promise<readonly string[]> {
  const { testFiles } = await project.globTestFiles();
  return testFiles;
}

const statesPromises = async (file: string): Promise<boolean> =>
  /from ['"]dr-contracts['"]/.test(await readFile(file, 'utf8'));

const COMMAND = 'vitest';

interface VitestRun {
  readonly prepared: PreparedRun;
  readonly runs: OpenRunFolder;
  readonly facts: RunFacts;
  readonly target: TargetName;
}

/** Writes the record of a run of vitest and its entries in the ledger, after its tests. */
interface VitestEvidence {
  end(): Promise<void>;
}

/**
 * Begins the evidence of a run of vitest, as the command line does for its own. A developer without the ledger's key can still test:
 * evidence that cannot be written is reported and fails no test.
 */
async function beginEvidence({ prepared, runs, facts, target }: VitestRun): Promise<VitestEvidence> {
  const began = systemClock.now();
  const own = join(prepared.outDir, 'vitest');
  await closeDeadRuns(own, systemClock);
  const ranBy = facts.ranBy === undefined ? {} : { ranBy: facts.ranBy };
  await runs.reached({ began: began.utc, command: COMMAND, ...ranBy, target, stage: 'drills' });
  const ledger = await openOrTell(prepared);
  if (ledger !== undefined) {
    await ledger.settle(own);
    await ledger.begin({
      runId: runs.runId,
      path: runs.path,
      command: COMMAND,
      facts,
      promises: await promisesOf(prepared),
      selected: null,
      subjects: [],
    });
  }
  return {
    end: async () => {
      const drills = await runs.salvage();
      const ended = systemClock.now();
      const run: RunRecord = {
        schemaVersion: RECORD_SCHEMA_VERSION,
        runId: runs.runId,
        began: began.utc,
        ended: ended.utc,
        durationMs: Math.round(ended.monotonicMs - began.monotonicMs),
        command: COMMAND,
        ...ranBy,
        target,
        stages: [],
        summary: summarise(drills, true),
        drills: [...drills],
      };
      await runs.write(run);
      await ledger?.finish(run);
      for (const line of [...(ledger?.notes ?? []), ...(ledger?.problems ?? [])]) tell(line);
      ledger?.[Symbol.dispose]();
    },
  };
}

async function openOrTell({ ledger: settings }: PreparedRun): Promise<RunLedger | undefined> {
  try {
    return await RunLedger.open({ settings, clock: systemClock, environment: process.env });
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    tell(`this run of vitest is not in the ledger: ${error.message}`);
    return undefined;
  }
}

/**
 * Returns the promises of the configuration's files. Where there are none, the tests lie elsewhere, and their drills are still recorded.
 */
async function promisesOf(prepared: PreparedRun) {
  try {
    return await plannedPromises(await loadPromises(await prepared.contractFiles()), {
      folder: prepared.project.folder,
      outDir: prepared.outDir,
    });
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return [];
  }
}

const tell = (line: string): void => void process.stderr.write(`dr-contracts: note: ${line}\n`);
