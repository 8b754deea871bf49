import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-files.ts';
import type { Contract } from '../model/contract.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { runScript } from '../procedures/script.ts';
import { arrivalOf, Destination } from '../procedures/script-destination.ts';
import { cpuTimeMs } from './cpu-time.ts';
import { type Figure, median } from './figures.ts';
import { natsContract, scripts } from './nats-contract.ts';
import { runMetDrill } from './one-drill.ts';

const DISASTER = 'stream-deleted';
const NO_VARIABLES = { values: new Map<string, string>(), recordable: new Set<string>() };

/**
 * What the harness itself costs while a platform's backup and restore run: the processor time of a drill's stages `backup` and
 * `restore`, against that of the very same calls of the very same scripts, made by the same runner in the same sandbox, with
 * nothing around them. What the drill adds is the markers and probes that go on meanwhile, and what it looks up before and after.
 *
 * The drill and the bare calls alternate, each with an asset of its own, so that a change of the machine's pace reaches both.
 */
export async function benchCost(
  target: Target,
  scratchDir: string,
  pairs: number,
  signal: AbortSignal,
): Promise<Figure> {
  const contract = natsContract('cost', 20_000, '200B');
  const drillsMs: number[] = [];
  const bareMs: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    // Whichever comes first in a pair finds the machine's caches as the one before left them.
    const inTurn = pair % 2 === 0 ? [drill, bare] : [bare, drill];
    for (const measure of inTurn) await measure();
  }
  const ratios = drillsMs.map((ms, pair) => ms / (bareMs[pair] ?? Number.NaN));
  return {
    name: 'harness: processor time of a drill / of its scripts, bare',
    value: median(ratios),
    unit: 'ratio',
    bound: { atMost: 1.05 },
    detail: `backup and restore of 20,000 messages, median of ${pairs} pairs: ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}; bare ${(median(bareMs) / 1_000).toFixed(2)} s`,
  };

  async function drill(): Promise<void> {
    drillsMs.push(await cpuOfStages(contract, target, scratchDir, signal));
  }
  async function bare(): Promise<void> {
    bareMs.push(await cpuOfScripts(contract, target, scratchDir, signal));
  }
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
    using destination = new Destination(target.s3, `bare/${drillId}/`);
    const before = await destination.list(signal);
    const backupMs = await cpuOf(() => runScript(scripts.backup, 'backup', context, destination, NO_VARIABLES));
    const arrival = arrivalOf(before, await destination.list(signal), target.s3.backupBucket);
    if (arrival === undefined) throw new Error(`${scripts.backup} left nothing in its bucket`);
    await asset.destroy(step, { cutOff: async () => undefined });
    const point = { RECOVERY_POINT: arrival.location };
    return (
      backupMs + (await cpuOf(() => runScript(scripts.restore, 'restore', context, destination, NO_VARIABLES, point)))
    );
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
