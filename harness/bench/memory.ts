import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { runCommand } from '../process/run.ts';
import type { Figure } from './figures.ts';

const MESSAGES = [100_000, 400_000, 1_000_000];
const SIZES = '100,000, 400,000 and 1,000,000 messages';

const flagsSchema = z.object({ flags: z.array(z.string()) });
const childSchema = z.object({
  verdict: z.string(),
  sentence: z.string(),
  peakBytes: z.number().positive(),
  liveBytes: z.number().positive().optional(),
});

/**
 * Memory of whole drills, in processes with the flags that `dr-contracts` starts itself with. V8 lets garbage lie while the machine has
 * room, so a plain peak grows with the work that was done. What must not grow is what the harness holds: it is measured right after
 * full collections, five a second; the peak of the same process shows what came between two of them. The plain peak is reported.
 */
export async function benchMemory(
  handle: unknown,
  place: { readonly scratchDir: string; readonly env: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Figure[]> {
  const { flags } = flagsSchema.parse(JSON.parse(await readFile('bin/node-flags.json', 'utf8')));
  const child = resolve(import.meta.dirname, 'memory-child.ts');
  const measure = async (messages: number, more: readonly string[]) => {
    const args = [...flags, ...more, child, JSON.stringify(handle), String(messages), place.scratchDir];
    const { stdout } = await runCommand(
      { name: 'drill for memory', file: process.execPath, args, env: place.env },
      signal,
    );
    const measured = childSchema.parse(JSON.parse(stdout));
    if (measured.verdict !== 'met') throw new Error(`drill over ${messages} messages: ${measured.sentence}`);
    return measured;
  };
  const live: number[] = [];
  const collected: number[] = [];
  const plain: number[] = [];
  for (const messages of MESSAGES) {
    const { liveBytes, peakBytes } = await measure(messages, ['--expose-gc']);
    if (liveBytes === undefined) throw new Error(`drill over ${messages} messages: nothing was collected`);
    live.push(liveBytes);
    collected.push(peakBytes);
    plain.push((await measure(messages, [])).peakBytes);
  }
  return [
    figureOf('live memory', 'heap and external, after full collections', live, 1.1),
    figureOf('peak memory, collected', 'resident, with five full collections a second', collected, 1.2),
    figureOf('peak memory, garbage and all', 'resident', plain),
  ];
}

/** The most that a larger asset took, as a ratio to what the smallest one took. */
function figureOf(name: string, what: string, bytes: readonly number[], atMost?: number): Figure {
  const [smallest = Number.NaN, ...larger] = bytes;
  const mebibytes = bytes.map((each) => Math.round(each / 1_048_576)).join(' / ');
  return {
    name: `${name}, larger asset / smallest`,
    value: Math.max(...larger) / smallest,
    unit: 'ratio',
    ...(atMost === undefined ? {} : { bound: { atMost } }),
    detail: `whole drills over ${SIZES}; ${what}: ${mebibytes} MiB`,
  };
}
