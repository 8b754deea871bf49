import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { median } from '../base/median.ts';
import { systemClock } from '../clock/clock.ts';
import { gatherFacts } from '../contract/facts.ts';
import { loadPromises } from '../contract/load.ts';
import { plannedPromises } from '../contract/promise-facts.ts';
import type { DrillRecord, RunRecord } from '../model/record.ts';
import { RECORD_SCHEMA_VERSION } from '../model/record.ts';
import type { Target } from '../model/target.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { RunLedger } from '../project/run-ledger.ts';
import { makeFolder } from '../reporting/out-folder.ts';
import { summarise } from '../reporting/run-summary.ts';
import type { Figure } from './figures.ts';
import { natsContract } from './nats-contract.ts';
import { runMetDrill } from './one-drill.ts';

/** As many as the smallest contract of the reference platform: the larger the asset, the smaller the ledger's share. */
const MESSAGES = 8_000;

/** Processor time of the harness's own process, without the programs that it starts. */
export const ledgerCostSchema = z.object({
  /** From the start of the process until every contract was loaded. */
  loadingMs: z.number().positive(),
  drillsMs: z.array(z.number().positive()),
  ledgersMs: z.array(z.number().positive()),
});
export type LedgerCost = z.infer<typeof ledgerCostSchema>;

/**
 * What the ledger costs a run: digests of the inputs of every contract of this repository, the beginning, one drill and the end, signed, in
 * a folder. A run of one drill is the dearest case: beginning and end are paid once a run.
 */
export async function measureLedgerCost(
  target: Target,
  scratchDir: string,
  rounds: number,
  signal: AbortSignal,
): Promise<LedgerCost> {
  const contract = natsContract('ledger-cost', MESSAGES, '200B');
  const project = await openProject(resolve('.'));
  const promises = await loadPromises(await contractFilesOf(project));
  const { privateKey } = generateKeyPairSync('ed25519');
  const environment = { KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  const facts = await gatherFacts({ runId: 'bench', trigger: 'bench', concurrentDrills: 1 }, signal);
  const { user, system } = process.cpuUsage();
  const cost: LedgerCost = { loadingMs: (user + system) / 1_000, drillsMs: [], ledgersMs: [] };
  for (let round = 0; round < rounds; round += 1) {
    const folder = await mkdtemp(join(scratchDir, 'ledger-'));
    let record: DrillRecord | undefined;
    const drill = async () => {
      record = await runMetDrill({ contract, disaster: 'stream-deleted', target, scratchDir, signal });
    };
    cost.drillsMs.push(await ownCpuOf(drill));
    const append = async () => {
      const settings = { at: join(folder, 'ledger'), key: { env: 'KEY' }, keepDays: 400, folder };
      using ledger = await RunLedger.open({ settings, clock: systemClock, environment });
      const run = runOf(record === undefined ? [] : [record]);
      await makeFolder(join(folder, run.runId));
      await ledger.begin({
        runId: run.runId,
        path: join(folder, run.runId),
        command: run.command,
        facts,
        promises: await plannedPromises(promises, { folder: project.folder, outDir: project.outDir }),
        selected: null,
        subjects: [],
      });
      await ledger.finish(run);
      if (ledger.problems.length > 0) throw new Error(ledger.problems.join('; '));
    };
    cost.ledgersMs.push(await ownCpuOf(append));
    await rm(folder, { recursive: true, force: true });
  }
  return cost;
}

async function ownCpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function runOf(drills: readonly DrillRecord[]): RunRecord {
  const utc = systemClock.now().utc;
  return {
    schemaVersion: RECORD_SCHEMA_VERSION,
    runId: 'bench',
    began: utc,
    ended: utc,
    durationMs: 0,
    command: 'bench',
    target: 'local',
    stages: [],
    summary: summarise(drills, true),
    drills: [...drills],
  };
}

/** What of a run is the ledger's. */
export function ledgerCostFigure({ loadingMs, drillsMs, ledgersMs }: LedgerCost): Figure {
  const shares = ledgersMs.map((ms, round) => ms / (loadingMs + ms + (drillsMs[round] ?? Number.NaN)));
  return {
    name: "ledger: share of the harness's own processor time",
    value: median(shares),
    unit: 'ratio',
    bound: { atMost: 0.05 },
    detail: `a run of one drill of ${MESSAGES.toLocaleString('en-GB')} messages, median of ${shares.length}: ${shares.map((share) => share.toFixed(3)).join(' ')}; ledger ${Math.round(median(ledgersMs))} ms, drill ${Math.round(median(drillsMs))} ms, start and contracts ${Math.round(loadingMs)} ms`,
  };
}
