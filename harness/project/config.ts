import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { keySourceSchema } from '../evidence/ledger/public-key.ts';
import { ExplainedError, UsageError } from '../model/errors.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import { SERVICE_NAME } from '../model/service.ts';
import { sandboxWishes } from '../model/target.ts';
import { parseDurationMs } from '../model/units.ts';
import type { Provider } from '../registered/provider.ts';
import { registerProviders } from '../registered/providers.ts';
import { unlessMissing } from '../reporting/system-error.ts';
import { targetWishes } from '../targets/wishes.ts';
import { moduleFailure } from './module-failure.ts';

/** Names of contracts, each with the reason. */
const reasons = z.record(z.string(), z.string().trim().min(1));

/** What can be checked of a provider before it starts anything. Its functions are checked by their types alone. */
const providerFields = z.looseObject({
  capability: z.string().regex(SERVICE_NAME, 'must be lower case, with digits and hyphens, such as my-queue'),
  needs: z.array(z.string()),
  suppliedBy: z.record(z.string(), z.looseObject({ tools: z.array(z.string()) })),
  typicalDrillS: z.number('must be seconds, such as 5').nonnegative(),
});

const providerSchema = z
  .custom<Provider>(
    (value) => typeof value === 'object' && value !== null,
    'must be a provider: an object with `capability`, `needs`, `suppliedBy` and `typicalDrillS`',
  )
  // The object itself is kept: its suppliers belong to it.
  .superRefine((provider, context) => {
    for (const { path, message } of providerFields.safeParse(provider).error?.issues ?? []) {
      context.addIssue({ code: 'custom', path, message });
    }
  });

const configSchema = z.strictObject({
  /** Globs of the contract files, relative to the folder of this file. */
  contracts: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .default('contracts/**/*.spec.{ts,mts}')
    .transform((globs) => (typeof globs === 'string' ? [globs] : globs)),
  /** Globs of files with contracts that are left out on purpose, e.g. those of another configuration. */
  notRead: z.array(z.string().min(1)).default([]),
  /** Folder in which contracts name manifests and scripts, relative to the folder of this file; that folder itself when left out. */
  platform: z.string().min(1).default('.'),
  /** Folder of the records, relative to the folder of this file. */
  out: z.string().min(1).default('reports'),
  /** Plan whose lines are held by contracts, checks and tests: a JSON file, relative to the folder of this file (docs/plan.md). */
  plan: z.string().min(1).optional(),
  /** Target of the real systems when the command line names none; when left out, `auto` for `dr-contracts drill` and `local` for vitest. */
  target: z.enum(targetWishes).optional(),
  /**
   * Contracts that a target cannot run, each with the reason: `{ local: { api: 'needs pods' } }`. Where the target was chosen
   * automatically, a pipeline (`CI` is set) fails for a contract that could not be run and is not listed here.
   */
  notOn: z.strictObject({ local: reasons.default({}), docker: reasons.default({}) }).prefault({}),
  /** Providers of services: additions of other packages to the targets, which contracts may then need (docs/extend.md). */
  providers: z.array(providerSchema).default([]),
  /** Number of concurrent drills; the number of processors when left out. */
  jobs: z.int().min(1).max(64).optional(),
  /** Sandbox of the platform's programs on this machine; `none` runs them without one (docs/safety.md). */
  sandbox: z.enum(sandboxWishes).default('bubblewrap'),
  /** The evidence of every run, in which every change is detected (docs/evidence.md). */
  ledger: z
    .strictObject({
      /** A folder, relative to the folder of this file, or `s3://bucket/prefix`; `ledger` in `out` when left out. */
      at: z.string().min(1).optional(),
      /**
       * The signing key: a PEM file, `{ env: 'NAME' }`, or `{ command: [...], publicKey: 'file' }`. Entries are not signed when left out.
       */
      key: keySourceSchema.optional(),
      /** The reviewer's key, for `dr-contracts sign-off` and `deviation`; different from `key`. */
      reviewKey: keySourceSchema.optional(),
      /** Days for which entries are kept. */
      keepDays: z.int().min(1).max(36_500).default(400),
    })
    .prefault({}),
  /** Number of runs whose logs and records are kept in `out`. The ledger keeps its entries longer. */
  keepRuns: z.int().min(1).max(10_000).default(10),
  /** Wait of a drill for the service after the end of a restore, e.g. `60s`. Not an objective: contracts have the RTOs. */
  serviceBudget: z.string().default('60s'),
});

/** Content of `dr-contracts.config.ts`. Everything has a default; the command line has precedence. */
export type DrContractsConfig = z.input<typeof configSchema>;

/** A configuration with its defaults. */
export interface ParsedConfig extends Omit<z.output<typeof configSchema>, 'serviceBudget'> {
  readonly serviceBudgetMs: number;
}

/**
 * Types and checks the configuration of a project: `export default defineConfig({ … })` in `dr-contracts.config.ts`.
 * @throws {ExplainedError} for an unknown or malformed field, by name.
 */
export function defineConfig(config: DrContractsConfig): DrContractsConfig {
  parseConfig(config, 'defineConfig({ … })');
  return config;
}

/** @throws {ExplainedError} for an unknown or malformed field, by name. */
function parseConfig(config: unknown, thing: string): ParsedConfig {
  const parsed = parsedOptions(
    thing,
    configSchema,
    config,
    'Correct the field; docs/bring-your-own.md shows all of them.',
  );
  const { serviceBudget, ...rest } = parsed;
  return { ...rest, serviceBudgetMs: parseDurationMs(serviceBudget, `${thing}: serviceBudget`) };
}

const NAMES = ['ts', 'mts', 'js', 'mjs'].map((extension) => `dr-contracts.config.${extension}`);

/** Returns whether a file of that name is a configuration, in any folder. */
export const isConfigurationName = (name: string): boolean => NAMES.includes(name);

/** A folder of contracts, with its configuration if any. */
export interface ConfiguredFolder {
  /** Folder of the configuration, or the current folder. */
  readonly folder: string;
  /** Defaults when there is no file. */
  readonly config: ParsedConfig;
  /** Undefined when there is none. */
  readonly configFile: string | undefined;
}

/**
 * Reads the configuration: the given file, or the one in `cwd` when there is one. From then on, contracts may need the services of its
 * providers.
 * @throws {ExplainedError} for a file that is missing, does not load, or is malformed.
 */
export async function readConfiguration(cwd: string, given?: string): Promise<ConfiguredFolder> {
  const configFile = given === undefined ? await findConfiguration(cwd) : resolve(cwd, given);
  if (configFile === undefined) return { folder: cwd, config: parseConfig({}, 'no configuration'), configFile };
  const shown = relative(cwd, configFile);
  const config = parseConfig(await exported(configFile, shown), shown);
  registerProviders(config.providers);
  return { folder: dirname(configFile), config, configFile };
}

/** Returns the path of the configuration in a folder, or undefined. Does not read it. */
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
