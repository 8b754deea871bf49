import { join } from 'node:path';
import { z } from 'zod';
import { jsonOf } from './record-files.ts';
import { namesIn } from './system-error.ts';

/** As many runs are looked at, the newest first. */
const MOST_RUNS = 5;

/** What is needed of a run record, of whatever version. */
const runSchema = z.object({
  profile: z.object({ drilling: z.array(z.object({ what: z.string(), durationMs: z.number() })) }).optional(),
  drills: z.array(
    z.object({
      contract: z.object({ name: z.string() }),
      disaster: z.object({ name: z.string() }),
      moments: z.object({
        began: z.object({ monotonicMs: z.number() }),
        ended: z.object({ monotonicMs: z.number() }).nullable(),
      }),
      failure: z.unknown(),
    }),
  ),
});

/**
 * How long each drill took in the newest run below `<out>/runs` in which it ended, by its name: with all its sizes where the run has a
 * profile. A drill that failed says nothing about the next one.
 */
export async function knownDurations(outDir: string): Promise<ReadonlyMap<string, number>> {
  const runsDir = join(outDir, 'runs');
  const newestFirst = (await namesIn(runsDir)).toReversed().slice(0, MOST_RUNS);
  const known = new Map<string, number>();
  for (const run of newestFirst) {
    const parsed = runSchema.safeParse(await jsonOf(join(runsDir, run, 'run.json')));
    if (!parsed.success) continue;
    const profiled = new Map(parsed.data.profile?.drilling.map(({ what, durationMs }) => [what, durationMs]));
    for (const { contract, disaster, moments, failure } of parsed.data.drills) {
      const name = `${contract.name}/${disaster.name}`;
      if (known.has(name) || moments.ended === null || (failure ?? null) !== null) continue;
      known.set(name, profiled.get(name) ?? moments.ended.monotonicMs - moments.began.monotonicMs);
    }
  }
  return known;
}
