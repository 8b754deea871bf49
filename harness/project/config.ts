import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { keySourceSchema } from '../evidence/ledger/public-key.ts';
import { ExplainedError, UsageError } from '../model/errors.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import { sandboxWishes } from '../model/target.ts';
import { parseDurationMs } from '../model/units.ts';
import type { Provider } from '../registered/provider.ts';
import { registerProviders } from '../registered/providers.ts';
import { unlessMissing } from '../reporting/system-error.ts';
import { targetWishes } from '../targets/wishes.ts';
import { moduleFailure } from './module-failure.ts';

/** Names of contracts, each with the reason. */
const reasons = z.record(z.string(), z.string().trim().min(1));

const isProvider = (value: unknown): value is Provider =>
  typeof value === 'object' &&
  value !== null &&
  ['capability', 'needs', 'suppliedBy', 'typicalDrillS'].every((field) => field in value);

const configSchema = z.strictObject({
  /** Where contracts lie: globs, from the folder of this file. */
  contracts: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .default('contracts/**/*.spec.{ts,mts}')
    .transform((globs) => (typeof globs === 'string' ? [globs] : globs)),
  /** Globs of files that state contracts and are left out on purpose, such as those of another configuration. */
  notRead: z.array(z.string().min(1)).default([]),
  /** The folder from which contracts name manifests and scripts, from the folder of this file; that folder itself when left out. */
  platform: z.string().min(1).default('.'),
  /** Where records go, from the folder of this file. */
  out: z.string().min(1).default('reports'),
  /** The plan that contracts, checks and tests hold line by line: a JSON file, from the folder of this file (docs/plan.md). */
  plan: z.string().min(1).optional(),
  /** Where the real systems run when the command line does not say; `auto` for `dr-contracts drill` when left out, `local` for vitest. */
  target: z.enum(targetWishes).optional(),
  /**
   * Contracts that a target cannot run, each with the reason: `{ local: { api: 'needs pods' } }`. Where the target was chosen automatically,
   * a pipeline (`CI` is set) fails for a contract that could not be run and is not listed here.
   */
  notOn: z.strictObject({ local: reasons.default({}), docker: reasons.default({}) }).prefault({}),
  /** What other packages add to the targets, so that contracts may need it: providers of services (docs/extend.md). */
  providers: z
    .array(
      z.custom<Provider>(
        isProvider,
        'must be a provider: an object with `capability`, `needs`, `suppliedBy` and `typicalDrillS`',
      ),
    )
    .default([]),
  /** Drills at once; as many as there are processors when left out. */
  jobs: z.int().min(1).max(64).optional(),
  /** How the platform's programs run on this machine: `none` does without a sandbox (docs/safety.md). */
  sandbox: z.enum(sandboxWishes).default('bubblewrap'),
  /** The evidence of every run, which nobody can change unnoticed (docs/evidence.md). */
  ledger: z
    .strictObject({
      /** A folder, from the folder of this file, or `s3://bucket/prefix`; `ledger` in `out` when left out. */
      at: z.string().min(1).optional(),
      /** The key that signs: a PEM file, `{ env: 'NAME' }`, or `{ command: [...], publicKey: 'file' }`. Entries are not signed when left out. */
      key: keySourceSchema.optional(),
      /** The key of whoever signs off, for `dr-contracts sign-off` and `deviation`; another one than `key`. */
      reviewKey: keySourceSchema.optional(),
      /** How long entries are kept. */
      keepDays: z.int().min(1).max(36_500).default(400),
    })
    .prefault({}),
  /** Runs whose logs and records are kept in `out`. The ledger keeps its entries longer. */
  keepRuns: z.int().min(1).max(10_000).default(10),
  /** How long a drill waits for the service after a restore has ended before it gives up, e.g. `60s`. No objective: RTOs are the contracts'. */
  serviceBudget: z.string().default('60s'),
});

/** What `dr-contracts.config.ts` says. Everything has a default; what the command line says goes first. */
export type DrContractsConfig = z.input<typeof configSchema>;

/** A configuration with its defaults. */
export interface ParsedConfig extends Omit<z.output<typeof configSchema>, 'serviceBudget'> {
  readonly serviceBudgetMs: number;
}

/**
 * The configuration of a project, typed and checked: `export default defineConfig({ … })` in `dr-contracts.config.ts`.
 * @throws {ExplainedError} for an unknown or malformed field, by name.
 */
export function defineConfig(config: DrContractsConfig): DrContractsConfig {
  parseConfig(config, 'defineConfig({ … })');
  return config;
}

/** @throws {ExplainedError} for an unknown or malformed field, by name. */
export function parseConfig(config: unknown, thing: string): ParsedConfig {
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
