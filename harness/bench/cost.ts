import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { median } from '../base/median.ts';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import type { Contract } from '../model/contract.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { arrivalOf } from '../procedure-kit/arrival.ts';
import { runProcess } from '../procedure-kit/as-process.ts';
import { destinationOf } from '../procedure-kit/destination.ts';
import { drillVariables } from '../procedure-kit/drill-variables.ts';
import { backupMachine, type Machines, restoreMachine } from '../procedure-kit/machines.ts';
import { platformPath } from '../process/platform-folder.ts';
import { runCommand } from '../process/run.ts';
import { s3Backups } from '../systems/s3/backup-store.ts';
import { cpuTimeMs } from './cpu-time.ts';
import { type Figure, holds } from './figures.ts';
import { natsContract, runMetDrill, scripts } from './one-drill.ts';

const DISASTER = 'stream-deleted';
const MESSAGES = 100_000;
/** Fewer pairs may show that the bound holds. Only so many show that it does not. */
const PAIRS_THAT_DECIDE = 10;

/** Processor time of each side, pair by pair. */
const pairsSchema = z.object({ drillsMs: z.array(z.number().positive()), bareMs: z.array(z.number().positive()) });
type Pairs = z.infer<typeof pairsSchema>;

/**
 * The cost of the harness while a platform's backup and restore run: the processor time of a drill's stages `backup` and
 * `restore`, divided by that of the same calls of the same scripts with nothing around them. Both sides use the same runner
 * and the same sandbox. The drill adds markers and probes, and what it reads before and after each script.
 *
 * Processor time, because a busy machine stretches elapsed time. The drill and the bare calls alternate, each with its own
 * asset, so that a change of the machine's pace reaches both. The median, because one disturbed pair must not decide.
 *
 * It is measured in a process below `subreaper.py`, because bubblewrap ends without collecting the first process of its
 * sandbox, and with it the processor time of everything that ran there.
 */
export async function benchCost(
  handle: unknown,
  place: { readonly scratchDir: string; readonly env: Readonly<Record<string, string>> },
  pairs: number,
  signal: AbortSignal,
): Promise<Figure> {
  const measure = async (count: number): Promise<Pairs> => {
    const here = import.meta.dirname;
    const child = [join(here, 'cost-child.ts'), JSON.stringify(handle), String(count), place.scratchDir];
    const args = [join(here, 'subreaper.py'), process.execPath, ...child];
    const { stdout } = await runCommand({ name: 'drills for cost', file: 'python3', args, env: place.env }, signal);
    return pairsSchema.parse(JSON.parse(stdout));
  };
  const { drillsMs, bareMs } = await measure(pairs);
  const figure = costFigure(drillsMs, bareMs);
  if (holds(figure) || pairs >= PAIRS_THAT_DECIDE) return figure;
  const more = await measure(PAIRS_THAT_DECIDE - pairs);
  return beyondChance(costFigure([...drillsMs, ...more.drillsMs], [...bareMs, ...more.bareMs]));
}

/** To be called below `subreaper.py`. */
export async function measurePairs(
  target: Target,
  scratchDir: string,
  pairs: number,
  signal: AbortSignal,
): Promise<Pairs> {
  const contract = natsContract('cost', MESSAGES, '200B');
  const drillsMs: number[] = [];
  const bareMs: number[] = [];
  const drill = async () => drillsMs.push(await cpuOfStages(contract, target, scratchDir, signal));
  const bare = async () => bareMs.push(await cpuOfScripts(contract, target, scratchDir, signal));
  for (let pair = 0; pair < pairs; pair += 1) {
    // The second of a pair finds warm caches, so the order changes from pair to pair.
    const inTurn = pair % 2 === 0 ? [drill, bare] : [bare, drill];
    for (const measure of inTurn) await measure();
  }
  return { drillsMs, bareMs };
}

/** @param drillsMs - processor time of the drills, pair by pair; `bareMs` that of the bare calls. */
export function costFigure(
  drillsMs: readonly number[],
  bareMs: readonly number[],
): Figure & { readonly ratios: readonly number[] } {
  const ratios = drillsMs.map((ms, pair) => ms / (bareMs[pair] ?? Number.NaN));
  return {
    name: 'harness: processor time of a drill / of its scripts, bare',
    value: median(ratios),
    ratios,
    unit: 'ratio',
    bound: { atMost: 1.05 },
    detail: `backup and restore of ${MESSAGES.toLocaleString('en-GB')} messages, median of ${ratios.length} pairs: ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}; bare ${(median(bareMs) / 1_000).toFixed(2)} s`,
  };
}

/**
 * The same, judged by its second smallest ratio. If the bound held, nine of ten pairs above it would be seen in one run of
 * ninety (sign test, 11 of 1,024): a short run in a pipeline must not fail by chance.
 */
export function beyondChance(figure: Figure & { readonly ratios: readonly number[] }): Figure {
  const [, second] = figure.ratios.toSorted((one, other) => one - other);
  const judgedBy = second === undefined ? {} : { judgedValue: second };
  return { ...figure, ...judgedBy, detail: `${figure.detail}; fails if nine of ten pairs are above the bound` };
}

/** From the moment that a stage is announced until the next one is. */
async function cpuOfStages(
  contract: Contract,
  target: Target,
  scratchDir: string,
  signal: AbortSignal,
): Promise<number> {
  const usedMs = new Map<string, number>();
  let running = '';
  let beganMs = cpuTimeMs();
  await runMetDrill({
    contract,
    disaster: DISASTER,
    target,
    scratchDir,
    signal,
    listener: (event) => {
      if (event.kind !== 'stage') return;
      const nowMs = cpuTimeMs();
      usedMs.set(running, (usedMs.get(running) ?? 0) + nowMs - beganMs);
      running = event.stage;
      beganMs = nowMs;
    },
  });
  const [backupMs, restoreMs] = [usedMs.get('backup'), usedMs.get('restore')];
  if (backupMs === undefined || restoreMs === undefined) throw new Error('the drill has no stage backup or restore');
  return backupMs + restoreMs;
}

async function cpuOfScripts(
  contract: Contract,
  target: Target,
  scratchDir: string,
  signal: AbortSignal,
): Promise<number> {
  const drillId = newDrillId();
  const folder = await mkdtemp(join(scratchDir, 'bare-'));
  const secrets = new Secrets();
  const step: Step = { clock: systemClock, signal, scratchDir: folder, secrets, progress: () => undefined };
  const asset = await contract.asset.open({ target, drillId, disaster: DISASTER, scale: 1, step });
  try {
    await asset.seed(step);
    const context: ProcedureContext = { target, drillId, environment: asset.environment(), step };
    using destination = await destinationOf(s3Backups, 'bare/', context);
    const before = await destination.list(signal);
    const run = async (role: 'backup' | 'restore', machine: Machines, recoveryPoint: Record<string, string> = {}) => {
      const variables = new Map([
        ...drillVariables(context, destination),
        ...destination.credentials(),
        ...Object.entries(recoveryPoint),
      ]);
      const written = scripts[role];
      const file = platformPath(written);
      return await cpuOf(() => runProcess({ name: role, file, written, args: [], variables, machine }, context));
    };
    const backupMs = await run('backup', await backupMachine([], step));
    const arrival = arrivalOf(before, await destination.list(signal), destination.bucketUrl);
    if (arrival === undefined) throw new Error(`${scripts.backup} left nothing in its bucket`);
    await asset.destroy(step, { cutOff: async () => undefined });
    return backupMs + (await run('restore', restoreMachine([], step), { RECOVERY_POINT: arrival.location }));
  } finally {
    await asset[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const beganMs = cpuTimeMs();
  await work();
  return cpuTimeMs() - beganMs;
}
