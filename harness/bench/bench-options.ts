import { parseArgs } from 'node:util';

/** What can be measured, in the order in which it is. The start-up of the local target is as well, where a part needs it. */
export const benchParts = ['ledger', 'run', 'reading', 'cost', 'velero', 'docker', 'memory'] as const;
export type BenchPart = (typeof benchParts)[number];

/** How much is measured. A bound is the same in both. A smoke run is shorter, and fails only where chance is no explanation. */
export interface BenchSize {
  /** Runs in a ledger, from the shortest ledger to the longest. */
  readonly ledgerRuns: readonly number[];
  readonly readMessages: number;
  readonly readRounds: number;
  /** A pair is one drill, and the same script calls bare. */
  readonly costPairs: number;
  readonly veleroRounds: number;
  /** From the smallest asset to the largest. */
  readonly memoryMessages: readonly number[];
  /** Beside the docker target as a whole, a kind cluster alone. */
  readonly kindAlone: boolean;
}

const FULL: BenchSize = {
  ledgerRuns: [100, 1_000],
  readMessages: 200_000,
  readRounds: 5,
  costPairs: 10,
  veleroRounds: 3,
  memoryMessages: [100_000, 400_000, 1_000_000],
  kindAlone: true,
};

const SMOKE: BenchSize = {
  ledgerRuns: [10, 60],
  readMessages: 60_000,
  readRounds: 3,
  costPairs: 5,
  veleroRounds: 1,
  memoryMessages: [50_000, 100_000],
  kindAlone: false,
};

/** A pipeline runs all contracts beside the bench. Velero and the docker target take more rounds than a short run has. */
const SMOKE_PARTS: readonly BenchPart[] = ['ledger', 'reading', 'cost', 'memory'];

/** Parts that need no target. */
const WITHOUT_TARGET: readonly BenchPart[] = ['ledger'];

export const needsTarget = (parts: readonly BenchPart[]): boolean =>
  parts.some((part) => !WITHOUT_TARGET.includes(part));

export interface BenchOptions {
  readonly parts: readonly BenchPart[];
  readonly size: BenchSize;
}

/**
 * Reads `npm run bench -- [--smoke] [PART …]`.
 * @throws for a part or an option that there is not: nothing measured must not pass for every bound holding.
 */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { smoke: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const parts = positionals.map((name) => {
    const part = benchParts.find((known) => known === name);
    if (part === undefined) throw new Error(`there is no part "${name}" of the bench: ${benchParts.join(', ')}`);
    return part;
  });
  const everything = values.smoke ? SMOKE_PARTS : benchParts;
  return { parts: parts.length === 0 ? everything : parts, size: values.smoke ? SMOKE : FULL };
}
