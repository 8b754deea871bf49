import { z } from 'zod';

const COLLECT_EVERY_MS = 200;

/** What a process took: printed by children of the bench, and read by it. */
export const memorySchema = z.object({
  /** Resident, at the most. */
  peakBytes: z.number().positive(),
  /** Heap and external right after full collections, at the most; only with `--expose-gc`. */
  liveBytes: z.number().positive().optional(),
});
export type MemoryTaken = z.infer<typeof memorySchema>;

/** With `--expose-gc`, the collector runs from now on until `end`. */
export function keepsCollecting(): { end(): MemoryTaken } {
  let liveBytes = 0;
  const collect = (gc: () => void) => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    liveBytes = Math.max(liveBytes, heapUsed + external);
  };
  const { gc } = globalThis;
  const collecting = gc === undefined ? undefined : setInterval(() => collect(gc), COLLECT_EVERY_MS);
  return {
    end: () => {
      clearInterval(collecting);
      const peakBytes = process.resourceUsage().maxRSS * 1_024;
      return liveBytes === 0 ? { peakBytes } : { peakBytes, liveBytes };
    },
  };
}
