import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { DrillTuning } from '../drill/tuning.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { usePlatformFolder } from '../process/platform-folder.ts';
import type { TargetWish } from '../targets/wishes.ts';
import { type ConfiguredFolder, type ParsedConfig, readConfiguration } from './config.ts';
import { type ContractFiles, contractFilesOf } from './contract-files.ts';

/** A folder of contracts with its configuration, and where that puts things. Every path is absolute. */
export interface Project extends ConfiguredFolder {
  /** The folder from which contracts name manifests and scripts. */
  readonly platformDir: string;
  /** Where records go when the command line does not say. */
  readonly outDir: string;
}

/**
 * Reads the configuration: the given file, or the one in `root` when there is one. From then on, contracts name things from the platform's
 * folder. The current folder of the process has no influence.
 * @throws {ExplainedError} for a file that is not there, does not load, or is not well formed.
 */
export async function openProject(root: string, configFile?: string): Promise<Project> {
  const found = await readConfiguration(root, configFile);
  const platformDir = resolve(found.folder, found.config.platform);
  if (found.configFile !== undefined) await requireFolder(platformDir, relative(root, found.configFile));
  usePlatformFolder(platformDir);
  return { ...found, platformDir, outDir: resolve(found.folder, found.config.out) };
}

async function requireFolder(platformDir: string, configFile: string): Promise<void> {
  const wrong = (observed: string, cause?: unknown) =>
    new ExplainedError(
      {
        thing: `${configFile}: platform`,
        expected: 'a folder of manifests and scripts',
        observed,
        nextStep: 'Correct the path; it is read from the folder of the configuration.',
      },
      { cause },
    );
  let isFolder: boolean;
  try {
    isFolder = (await stat(platformDir)).isDirectory();
  } catch (error) {
    throw wrong(summaryOf(error), error);
  }
  if (!isFolder) throw wrong(`${platformDir} is a file`);
}

/** What a front end says about a run. What it leaves open, the configuration says. */
export interface RunWishes {
  /** The folder of the project, or of its configuration: where the command is called, or vitest's root. An absolute path. */
  readonly root: string;
  readonly configFile?: string | undefined;
  readonly target?: TargetWish | undefined;
  /** Where records go, from `root`. */
  readonly out?: string | undefined;
  readonly jobs?: number | undefined;
  readonly keepRuns?: number | undefined;
}

/** Where the ledger is, and how entries are signed and kept. */
export interface LedgerSettings {
  /** An absolute path, or `s3://bucket/prefix`. */
  readonly at: string;
  readonly key: ParsedConfig['ledger']['key'];
  /** The key of whoever signs off. */
  readonly reviewKey?: ParsedConfig['ledger']['key'];
  readonly keepDays: number;
  /** From where the paths of keys are read. */
  readonly folder: string;
}

/** Everything that a run needs to know before it loads a contract or starts a server; the same for both front ends. */
export interface PreparedRun {
  readonly project: Project;
  /** @throws {ExplainedError} when there are none. */
  readonly contractFiles: () => Promise<ContractFiles>;
  /** Undefined when neither the front end nor the configuration says. */
  readonly target: TargetWish | undefined;
  readonly outDir: string;
  /** Drills at once; undefined where nobody says, and the target decides. */
  readonly jobs: number | undefined;
  readonly keepRuns: number;
  readonly ledger: LedgerSettings;
  readonly tuning: Pick<DrillTuning, 'serviceBudgetMs'>;
}

/**
 * Prepares a run from the configuration and what the front end says.
 * @throws {ExplainedError} when the configuration is wrong.
 */
export async function prepareRun(wishes: RunWishes): Promise<PreparedRun> {
  const { root, configFile, target, out, jobs, keepRuns } = wishes;
  const project = await openProject(root, configFile);
  const { config } = project;
  const outDir = out === undefined ? project.outDir : resolve(root, out);
  return {
    project,
    contractFiles: async () => await contractFilesOf(project),
    target: target ?? config.target,
    outDir,
    jobs: jobs ?? config.jobs,
    keepRuns: keepRuns ?? config.keepRuns,
    ledger: ledgerSettings(project, outDir),
    tuning: { serviceBudgetMs: config.serviceBudgetMs },
  };
}

/** @param outDir where records go; the ledger is there when the configuration does not say where. */
export function ledgerSettings({ folder, config, outDir: usual }: Project, outDir = usual): LedgerSettings {
  const { at = join(outDir, 'ledger'), key, reviewKey, keepDays } = config.ledger;
  return { at: at.startsWith('s3:') ? at : resolve(folder, at), key, reviewKey, keepDays, folder };
}
