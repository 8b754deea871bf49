import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { MOST_GATED_ENTRIES } from '../cli/write-report.ts';
import { openSigner } from '../evidence/ledger/signer.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { runCommand } from '../process/run.ts';
import type { Figure } from './figures.ts';
import { writeLongLedger } from './long-ledger.ts';

const costSchema = z.object({
  ledgerMs: z.number().positive(),
  pageMs: z.number().positive(),
  drills: z.number().int().positive(),
  past: z.number().int().positive().describe('Drills of earlier runs that the page read.'),
  isCut: z.boolean().describe('True where the ledger holds more than the page reads.'),
  isGated: z.boolean(),
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
  if (used.length === 0) throw new Error(`no process of the run wrote its processor time to ${file}`);
  return Math.max(...used);
}

/**
 * What ledger and page add to a run, as a share of the processor time of the run's own process. Both are made again from the record of the
 * run, with a ledger of earlier runs in place: their cost cannot be told apart inside the run. Two ledgers are tried, because a run asks the
 * gate only while the ledger is short: the longest one that it asks, and one that is longer than the page reads.
 */
export async function benchEvidenceCost(
  { out, ownMs }: CountedRun,
  place: { readonly scratchDir: string; readonly env: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Figure[]> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await openSigner({ env: 'KEY' }, { folder: '/', environment: { KEY } });
  const run = runRecordSchema.parse(JSON.parse(await readFile(join(out, 'latest', 'run.json'), 'utf8')));
  const drills = run.drills.map(({ contract, disaster }) => ({ contract: contract.name, disaster: disaster.name }));
  // Each run has an entry for its start and one for its end.
  const entriesOfRun = drills.length + 2;
  const gated = Math.floor(MOST_GATED_ENTRIES / entriesOfRun) - 1;
  const figures: Figure[] = [];
  for (const [name, runs] of [
    ['gated', gated],
    ['long', 2 * gated],
  ] as const) {
    const folder = join(place.scratchDir, `evidence-${name}`);
    await writeLongLedger(join(folder, 'ledger'), runs, signer, signal, { drills, target: 'local' });
    const args = [resolve(import.meta.dirname, 'evidence-cost-child.ts'), out, folder];
    const command = { name: 'ledger and page of a run', file: process.execPath, args, env: { ...place.env, KEY } };
    const cost = costSchema.parse(JSON.parse((await runCommand(command, signal)).stdout));
    if (cost.isGated !== (name === 'gated') || cost.isCut !== (name === 'long')) {
      throw new Error(`the ledger of ${runs} runs is not the one that was to be measured: ${JSON.stringify(cost)}`);
    }
    figures.push(evidenceCostFigure(cost, { runs, ownMs }));
  }
  return figures;
}

/** The run's own process has written a ledger and a page too: its time without them is at least what is left when they are taken off. */
export function evidenceCostFigure(
  { ledgerMs, pageMs, drills, isGated }: EvidenceCost,
  { runs, ownMs }: { readonly runs: number; readonly ownMs: number },
): Figure {
  const addedMs = ledgerMs + pageMs;
  return {
    name: `ledger and page after ${runs} runs: share of a run's own processor time`,
    value: addedMs / (ownMs - addedMs),
    unit: 'ratio',
    bound: { atMost: 0.05 },
    detail: `a run of ${drills} drills: ${((ownMs - addedMs) / 1_000).toFixed(1)} s in its own process without them; ledger ${Math.round(ledgerMs)} ms, page ${isGated ? 'with the gate' : 'without the gate'} ${Math.round(pageMs)} ms`,
  };
}
