import { z } from 'zod';
import { keySourceSchema } from '../evidence/ledger/key-source.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import { sandboxWishes } from '../model/sandbox.ts';
import { parseDurationMs } from '../model/units.ts';
import type { Provider } from '../registered/provider.ts';
import { targetWishes } from '../targets/wishes.ts';

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
