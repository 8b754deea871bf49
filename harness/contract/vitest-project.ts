import { relative } from 'node:path';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { ReadPastRuns } from '../model/past-run.ts';
import type { PostureProject } from '../model/posture.ts';
import { compareText } from '../model/text.ts';
import { usePlatformFolder } from '../process/platform-folder.ts';
import { readConfiguration } from '../project/config.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { pastRunsIn } from '../project/past-runs-in.ts';
import { ledgerSettings } from '../project/prepare-run.ts';
import { nameCapabilities } from '../registered/providers.ts';
import { attachSession } from '../targets/session.ts';
import { attachTarget, type ProvidedContext } from './attach-target.ts';
import { deferMistakes } from './collect.ts';
import { withDefinitions } from './definitions.ts';
import { loadContracts, type Promises } from './load.ts';
import { withManifests } from './prepare.ts';

/** Undefined in a worker whose vitest project has no global set-up, e.g. one for unit tests. */
const context: ProvidedContext | undefined = inject('drContracts');

// Contracts read manifests while they are defined: after this module is loaded, and before any promise is specified.
if (context !== undefined) {
  const { folder, platformDir, configFile } = context.project;
  usePlatformFolder(platformDir);
  nameCapabilities(context.knownCapabilities);
  // Places that providers start belong to no handle, so each worker registers them by itself. Not while this module loads: the
  // configuration imports the package, which waits for this module.
  beforeAll(async () => {
    if (configFile !== undefined) await readConfiguration(folder, configFile);
  });
  const unused = deferMistakes();
  // A mistake in a used option fails as a separate test; one in an unused option fails the file, after the tests of the others.
  afterAll(() => {
    const [mistake] = unused;
    if (mistake !== undefined) throw mistake;
  });
}

/**
 * Returns the values of the global set-up.
 * @throws {ExplainedError} when there was none.
 */
export function provided(): ProvidedContext {
  if (context !== undefined) return context;
  throw new ExplainedError({
    thing: 'vitest.config.ts',
    expected: "globalSetup: ['dr-contracts/vitest'] in the vitest project of the contracts",
    observed: 'it is missing, so no target was started for their drills',
    nextStep: 'Add it; docs/api.md shows the whole file.',
  });
}

/** Returns a folder of the target's session, so that it is collected with the session, however this worker ends. */
export const scratchFolder = (): string => attachSession(provided().handle.sessionDir).folder('drills');

/** Contracts of the running test file: it is loaded already, and a file is loaded only once. */
const statedHere: Contract[] = [];
let elsewhere: Promise<readonly Contract[]> | undefined;

const ownPath = (): string => expect.getState().testPath ?? '';

/** Returns the running test file, in the form in which a collected contract names its file. */
export const currentFile = (): string => relative(provided().project.folder, ownPath());

export function stateHere(contract: Contract): void {
  statedHere.push(contract);
}

/** Returns the project whose tests run: vitest loads one contract file per worker, but a check may need all of them. */
export function projectOfTests(): PostureProject {
  const { folder, outDir } = provided().project;
  return {
    folder,
    outDir,
    readPastRuns: async (visit, signal) => await (await ledgerOfTests())(visit, signal),
    contracts: async () => {
      elsewhere ??= contractsBeside(ownPath());
      const contracts = [...(await elsewhere), ...statedHere];
      // In the order of their files, as in a run.
      const sorted = contracts.toSorted((one, other) => compareText(one.sourceFile ?? '', other.sourceFile ?? ''));
      return (await definedInTests({ contracts: sorted })).contracts;
    },
    drilledContracts: async () => {
      const contracts = await projectOfTests().contracts();
      const target = attachTarget(provided().handle, { clock: systemClock });
      return await withManifests(contracts, () => target.tool('kubectl'), new AbortController().signal);
    },
  };
}

/** Returns promises of the tests with their definitions, as a run of the command line does. */
export async function definedInTests({
  contracts = [],
  postures = [],
}: Partial<Pick<Promises, 'contracts' | 'postures'>>): Promise<Promises> {
  return await withDefinitions({ contracts, postures, mistakes: [] }, provided().project, () => undefined);
}

async function ledgerOfTests(): Promise<ReadPastRuns> {
  const { project, facts } = provided();
  const read = await readConfiguration(project.folder, project.configFile);
  return pastRunsIn(ledgerSettings({ ...read, ...project }, project.outDir), facts.runId);
}

async function contractsBeside(own: string): Promise<readonly Contract[]> {
  const { folder, configFile } = provided().project;
  const found = await contractFilesOf(await readConfiguration(folder, configFile));
  return await loadContracts({ ...found, files: found.files.filter((file) => file !== own) });
}
