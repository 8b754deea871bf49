import { relative, resolve } from 'node:path';
import { type ConfiguredFolder, readConfiguration } from '../contract/config-file.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { TargetWish } from '../targets/wishes.ts';

/** A folder of contracts, with its configuration when it has one. */
export type Project = ConfiguredFolder;

/**
 * Reads the configuration: the given file, or the one in `cwd` when there is one. The process goes to the platform's folder then, because
 * contracts name manifests and scripts from there.
 * @throws {ExplainedError} for a file that is not there, does not load, or is not well formed.
 */
export async function openProject(cwd: string, given?: string): Promise<Project> {
  const project = await readConfiguration(cwd, given);
  const { folder, config, configFile } = project;
  if (configFile === undefined) return project;
  try {
    process.chdir(resolve(folder, config.platform));
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `${relative(cwd, configFile)}: platform`,
        expected: 'a folder of manifests and scripts',
        observed: summaryOf(error),
        nextStep: 'Correct the path; it is read from the folder of the configuration.',
      },
      { cause: error },
    );
  }
  return project;
}

interface ConfigurableOptions {
  readonly target: TargetWish;
  readonly out: string;
  readonly jobs: number;
  readonly keepRuns: number;
  /** Names of the options that the command line gives. */
  readonly chosen: readonly string[];
}

/** What the command line leaves open, the configuration says. */
export function withConfiguration<T extends ConfigurableOptions>(
  options: T,
  { folder, config, configFile }: Project,
): T {
  if (configFile === undefined) return options;
  const { target, jobs = options.jobs, keepRuns } = config;
  const configured = { target, jobs, keepRuns, out: resolve(folder, config.out) };
  const open = Object.entries(configured).filter(([name]) => !options.chosen.includes(name));
  return { ...options, ...Object.fromEntries(open) };
}
