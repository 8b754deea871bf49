import { generateKeyPairSync } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { publicKey } from '../evidence/ledger/public-key.ts';
import { openSigner } from '../evidence/ledger/signer.ts';
import { runCommand } from '../process/run.ts';
import type { BenchSize } from './bench-options.ts';
import type { Figure } from './figures.ts';
import { memorySchema } from './live-memory.ts';
import { writeLongLedger } from './long-ledger.ts';

const flagsSchema = z.object({ flags: z.array(z.string()) });
const childSchema = memorySchema.extend({ cpuMs: z.number().positive() });
type Taken = z.infer<typeof childSchema>;

/** The commands that read a whole ledger; `ledger-child.ts` knows how each does. */
const READERS = ['verify', 'gate'] as const;

interface Read {
  readonly runs: number;
  readonly entries: number;
  readonly bytes: number;
  readonly plain: Taken;
  /** With full collections all through it. */
  readonly collected: Taken;
}

/**
 * Time and memory of the commands that read a whole ledger, over ledgers of two lengths. Both may grow with the length of the ledger in
 * the time that they take, and must not in what they hold.
 */
export async function benchLedger(
  place: { readonly scratchDir: string; readonly env: Readonly<Record<string, string>> },
  { ledgerRuns }: BenchSize,
  signal: AbortSignal,
): Promise<Figure[]> {
  const { flags } = flagsSchema.parse(JSON.parse(await readFile('bin/node-flags.json', 'utf8')));
  const child = resolve(import.meta.dirname, 'ledger-child.ts');
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await openSigner({ env: 'KEY' }, { folder: '/', environment: { KEY: pem } });
  const folder = join(place.scratchDir, 'ledger');
  const reads = new Map<string, Read[]>(READERS.map((reader) => [reader, []]));
  for (const runs of ledgerRuns) {
    const { entries, bytes, ...ledger } = await writeLongLedger(folder, runs, signer, signal);
    const question = join(place.scratchDir, 'question.json');
    await writeFile(question, JSON.stringify({ ...ledger, publicKeyPem: publicKey(privateKey, 'key').pem }));
    for (const [reader, taken] of reads) {
      const measure = async (more: readonly string[]) => {
        const args = [...flags, ...more, child, reader, question];
        const command = { name: `${reader} of a ledger`, file: process.execPath, args, env: place.env };
        return childSchema.parse(JSON.parse((await runCommand(command, signal)).stdout));
      };
      taken.push({ runs, entries, bytes, plain: await measure([]), collected: await measure(['--expose-gc']) });
    }
    await rm(folder, { recursive: true, force: true });
  }
  return [...reads].flatMap(([reader, taken]) => ledgerFigures(reader, taken));
}

/** @param reads of the same command, the shortest ledger first. */
export function ledgerFigures(reader: string, reads: readonly Read[]): Figure[] {
  const [shortest] = reads;
  const longest = reads.at(-1);
  if (shortest === undefined || longest === undefined) throw new Error(`${reader} read no ledger`);
  const each = (value: (read: Read) => number) => reads.map((read) => Math.round(value(read))).join(' / ');
  const lengths = `${reads.map(({ runs }) => runs.toLocaleString('en-GB')).join(' / ')} runs of 20 contracts`;
  const perEntryMs = ({ plain, entries }: Read) => plain.cpuMs / entries;
  const mebibytes = (bytes: number) => bytes / 1_048_576;
  return [
    {
      name: `${reader} of a ledger of ${longest.runs.toLocaleString('en-GB')} runs, processor time`,
      value: longest.plain.cpuMs / 1_000,
      unit: 's',
      detail: `${longest.entries.toLocaleString('en-GB')} entries, ${Math.round(mebibytes(longest.bytes))} MiB; ${perEntryMs(longest).toFixed(2)} ms an entry`,
    },
    {
      name: `${reader}, live memory, longer ledger / shortest`,
      value: liveOf(longest) / liveOf(shortest),
      unit: 'ratio',
      bound: { atMost: 1.2 },
      detail: `${lengths}; heap and external, after full collections: ${each((read) => mebibytes(liveOf(read)))} MiB`,
    },
    {
      name: `${reader}, peak memory, longer ledger / shortest`,
      value: longest.plain.peakBytes / shortest.plain.peakBytes,
      unit: 'ratio',
      detail: `${lengths}; resident: ${each(({ plain }) => mebibytes(plain.peakBytes))} MiB`,
    },
  ];
}

function liveOf({ collected: { liveBytes } }: Read): number {
  if (liveBytes === undefined) throw new Error('nothing was collected');
  return liveBytes;
}
