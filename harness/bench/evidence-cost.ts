import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { openSigner } from '../evidence/ledger/signer.ts';
import { runCommand } from '../process/run.ts';
import type { Figure } from './figures.ts';
import { writeLongLedger } from './long-ledger.ts';

/** So many runs of twenty contracts leave more entries than a run reads for its page. */
const EARLIER_RUNS = 25;

const costSchema = z.object({
  ledgerMs: z.number().positive(),
  pageMs: z.number().positive(),
  drills: z.number().int().positive(),
});
export type EvidenceCost = z.infer<typeof costSchema>;

export interface CountedRun {
  /** The folder of its records. */
  readonly out: string;
  /** Processor time of its own process: without the programs and servers that it started. */
  readonly ownMs: number;
}

/** The environment in which a run writes down how much processor time its own process has used. */
export const countingCpu = (env: Readonly<Record<string, string>>, file: string): Readonly<Record<string, string>> => ({
  ...env,
  NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --import=${pathToFileURL(resolve(import.meta.dirname, 'own-cpu-hook.ts')).href}`,
  DR_CONTRACTS_BENCH_CPU: file,
});

/** The process that drilled used the most: the one that started it with its flags only waited. */
export async function ownCpuMs(file: string): Promise<number> {
  const used = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  return Math.max(...used);
}

/**
 * What ledger and page add to a run, as a share of the processor time of the run's own process. Both are made again from the record of the
 * run, with a ledger of earlier runs in place: what they cost cannot be told apart inside of the run.
 */
export async function benchEvidenceCost(
  { out, ownMs }: CountedRun,
  place: { readonly scratchDir: string; readonly env: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Figure> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await openSigner({ env: 'KEY' }, { folder: '/', environment: { KEY } });
  const folder = join(place.scratchDir, 'evidence');
  await writeLongLedger(join(folder, 'ledger'), EARLIER_RUNS, signer, signal);
  const args = [resolve(import.meta.dirname, 'evidence-cost-child.ts'), out, folder];
  const command = { name: 'ledger and page of a run', file: process.execPath, args, env: { ...place.env, KEY } };
  return evidenceCostFigure(costSchema.parse(JSON.parse((await runCommand(command, signal)).stdout)), ownMs);
}

export function evidenceCostFigure({ ledgerMs, pageMs, drills }: EvidenceCost, ownMs: number): Figure {
  return {
    name: "ledger and page: share of a run's own processor time",
    value: (ledgerMs + pageMs) / ownMs,
    unit: 'ratio',
    bound: { atMost: 0.05 },
    detail: `a run of ${drills} drills: ${(ownMs / 1_000).toFixed(1)} s in its own process; ledger ${Math.round(ledgerMs)} ms, page ${Math.round(pageMs)} ms`,
  };
}
