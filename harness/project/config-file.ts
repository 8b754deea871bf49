import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ExplainedError, UsageError } from '../model/errors.ts';
import { registerProviders } from '../registered/providers.ts';
import { unlessMissing } from '../reporting/system-error.ts';
import { type ParsedConfig, parseConfig } from './config.ts';
import { moduleFailure } from './module-failure.ts';

const NAMES = ['ts', 'mts', 'js', 'mjs'].map((extension) => `dr-contracts.config.${extension}`);

/** Whether a file of that name is a configuration, wherever it lies. */
export const isConfigurationName = (name: string): boolean => NAMES.includes(name);

/** A folder of contracts, with its configuration when it has one. */
export interface ConfiguredFolder {
  /** The folder of the configuration, or the current one. */
  readonly folder: string;
  /** Defaults when there is no file. */
  readonly config: ParsedConfig;
  /** Undefined when there is none. */
  readonly configFile: string | undefined;
}

/**
 * Reads the configuration: the given file, or the one in `cwd` when there is one. From then on, contracts may need what its providers supply.
 * @throws {ExplainedError} for a file that is not there, does not load, or is not well formed.
 */
export async function readConfiguration(cwd: string, given?: string): Promise<ConfiguredFolder> {
  const configFile = given === undefined ? await findConfiguration(cwd) : resolve(cwd, given);
  if (configFile === undefined) return { folder: cwd, config: parseConfig({}, 'no configuration'), configFile };
  const shown = relative(cwd, configFile);
  const config = parseConfig(await exported(configFile, shown), shown);
  registerProviders(config.providers);
  return { folder: dirname(configFile), config, configFile };
}

/** The configuration in a folder, or undefined. It is not read. */
export async function findConfiguration(folder: string): Promise<string | undefined> {
  for (const name of NAMES) {
    const path = join(folder, name);
    if ((await kindOf(path)) === 'file') return path;
  }
  return undefined;
}

async function exported(path: string, shown: string): Promise<unknown> {
  const wrong = (observed: string, cause?: unknown, nextStep = 'Correct the file or the path.') =>
    new ExplainedError(
      {
        thing: `configuration ${shown}`,
        expected: 'a module with `export default defineConfig({ … })`',
        observed,
        nextStep,
      },
      { cause },
    );
  const kind = await kindOf(path);
  if (kind === 'folder') {
    const { thing, expected } = wrong('').explanation;
    const nextStep = 'Name the file in it, such as dr-contracts.config.ts.';
    throw new UsageError({ thing, expected, observed: 'it is a folder', nextStep });
  }
  if (kind === undefined) throw new UsageError(wrong('there is no such file').explanation);
  let module: unknown;
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof Error && error.name === 'ExplainedError') throw error;
    const { observed, nextStep } = moduleFailure(error, dirname(path));
    throw wrong(observed, error, nextStep);
  }
  if (typeof module === 'object' && module !== null) {
    if ('default' in module) return module.default;
    if ('config' in module) return module.config;
  }
  throw wrong('it has neither a default export nor one named `config`');
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await unlessMissing(() => stat(path));
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}
