import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { runCommand } from '../process/run.ts';
import type { BenchSize } from './bench-options.ts';
import type { Figure } from './figures.ts';
import { memorySchema } from './live-memory.ts';

const flagsSchema = z.object({ flags: z.array(z.string()) });

/**
 * Memory of whole drills, in processes with the flags that `dr-contracts` starts itself with. V8 lets garbage lie while the machine has
 * room, so a plain peak grows with the work that was done. What must not grow is what the harness holds: it is measured right after
 * full collections, five a second; the peak of the same process shows what came between two of them. The plain peak is reported.
 */
export async function benchMemory(
  handle: unknown,
  place: { readonly scratchDir: string; readonly env: Readonly<Record<string, string>> },
  { memoryMessages }: BenchSize,
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
    return memorySchema.parse(JSON.parse(stdout));
  };
  const live: number[] = [];
  const collected: number[] = [];
  const plain: number[] = [];
  for (const messages of memoryMessages) {
    const { liveBytes, peakBytes } = await measure(messages, ['--expose-gc']);
    if (liveBytes === undefined) throw new Error(`drill over ${messages} messages: nothing was collected`);
    live.push(liveBytes);
    collected.push(peakBytes);
    plain.push((await measure(messages, [])).peakBytes);
  }
  const sizes = `${memoryMessages.map((count) => count.toLocaleString('en-GB')).join(' / ')} messages`;
  return [
    figureOf('live memory', `${sizes}; heap and external, after full collections`, live, 1.1),
    figureOf('peak memory, collected', `${sizes}; resident, with five full collections a second`, collected, 1.2),
    figureOf('peak memory, garbage and all', `${sizes}; resident`, plain),
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
    detail: `whole drills over ${what}: ${mebibytes} MiB`,
  };
}
