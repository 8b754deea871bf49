import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { DrillTuning } from '../drill/tuning.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { usePlatformFolder } from '../process/platform-folder.ts';
import type { TargetWish } from '../targets/wishes.ts';
import { type ConfiguredFolder, type ParsedConfig, readConfiguration } from './config.ts';
import { type ContractFiles, contractFilesOf } from './contract-files.ts';

/** A folder of contracts with its configuration and the folders from it. Every path is absolute. */
export interface Project extends ConfiguredFolder {
  /** Folder in which contracts name manifests and scripts. */
  readonly platformDir: string;
  /** Folder of the records when the command line names none. */
  readonly outDir: string;
}

/**
 * Reads the configuration: the given file, or the one in `root` when there is one. From then on, paths in contracts are relative to the
 * platform's folder. The current folder of the process has no influence.
 * @throws {ExplainedError} for a file that is missing, does not load, or is malformed.
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

/** A front end's options of a run. The configuration supplies those that are left out. */
export interface RunWishes {
  /** Folder of the project, or of its configuration: the command's current folder, or vitest's root. An absolute path. */
  readonly root: string;
  readonly configFile?: string | undefined;
  readonly target?: TargetWish | undefined;
  /** Folder of the records, relative to `root`. */
  readonly out?: string | undefined;
  readonly jobs?: number | undefined;
  readonly keepRuns?: number | undefined;
}

/** Place of the ledger, and the signing and retention of its entries. */
export interface LedgerSettings {
  /** An absolute path, or `s3://bucket/prefix`. */
  readonly at: string;
  readonly key: ParsedConfig['ledger']['key'];
  /** The reviewer's key. */
  readonly reviewKey?: ParsedConfig['ledger']['key'];
  readonly keepDays: number;
  /** Base of the paths of keys. */
  readonly folder: string;
}

/** Settings of a run before it loads a contract or starts a server; the same for both front ends. */
export interface PreparedRun {
  readonly project: Project;
  /** @throws {ExplainedError} when there are none. */
  readonly contractFiles: () => Promise<ContractFiles>;
  /** Undefined when neither the front end nor the configuration names one. */
  readonly target: TargetWish | undefined;
  readonly outDir: string;
  /** Number of concurrent drills; undefined where unset, and the target decides. */
  readonly jobs: number | undefined;
  readonly keepRuns: number;
  readonly ledger: LedgerSettings;
  readonly tuning: Pick<DrillTuning, 'serviceBudgetMs'>;
}

/**
 * Prepares a run from the configuration and the front end's options.
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

/** @param outDir folder of the records; it contains the ledger when the configuration does not name a place. */
export function ledgerSettings({ folder, config, outDir: usual }: Project, outDir = usual): LedgerSettings {
  const { at = join(outDir, 'ledger'), key, reviewKey, keepDays } = config.ledger;
  return { at: at.startsWith('s3:') ? at : resolve(folder, at), key, reviewKey, keepDays, folder };
}
