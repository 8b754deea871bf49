import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Scope } from '../base/scope.ts';
import { systemClock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { type ContractFiles, filesMatching, notReadOf } from '../project/contract-files.ts';
import { throwMistakes } from '../project/mistakes.ts';
import { readyMadeFor } from '../project/obtain-tools.ts';
import { type PreparedRun, prepareRun } from '../project/prepare-run.ts';
import { describeRanBy } from '../project/ran-by.ts';
import { openTarget } from '../project/start-target.ts';
import { describeTrigger } from '../project/trigger.ts';
import { capabilities } from '../registered/providers.ts';
import { openOutFolder } from '../reporting/out-folder.ts';
import { removeOldRuns } from '../reporting/retention.ts';
import { newRunId, openRunFolder } from '../reporting/run-folder.ts';
import { chooseTarget } from '../targets/choose-target.ts';
import { type TargetWish, targetWishes } from '../targets/wishes.ts';
import { beginObtaining } from '../toolchain/index.ts';
import { gatherFacts } from './facts.ts';
import { requireKnown } from './left-out.ts';
import { loadPromises, namesOf } from './load.ts';
import type { ProvidedContext } from './provided-context.ts';
import { beginEvidence } from './vitest-evidence.ts';
import { toolsOfParts, type WantedParts, wantedParts } from './wanted-parts.ts';

const STOP_BUDGET_MS = 120_000;
const TARGET = 'DR_CONTRACTS_TARGET';

export interface SetupOptions {
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
          // Suites render manifests by the kubectl of their target.
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

/** @throws {ExplainedError} for a target that there is not. */
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

/** A folder below `<out>/vitest` that is this run's own: nothing that lies there already is touched, except for old runs of this kind. */
async function openRuns({ outDir, keepRuns }: PreparedRun) {
  const own = join(outDir, 'vitest');
  await openOutFolder(own);
  const folder = await openRunFolder(own, newRunId(systemClock));
  await removeOldRuns(own, keepRuns);
  return folder;
}

/** Vitest runs that many files at once, and the drills of one file one after the other. */
function workersOf({ config }: TestProject): number {
  const workers = Number(config.maxWorkers);
  return Number.isInteger(workers) && workers > 0 ? workers : availableParallelism();
}

/**
 * A contract that neither vitest nor the configuration reads would be missing in a run that passes. Nothing is said where the
 * command line names projects: the others may read it.
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
 * What the contracts of the project need; everything where that is not known, because a contract does not load here (vitest can read files
 * that Node cannot), or lies where the configuration does not look.
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
