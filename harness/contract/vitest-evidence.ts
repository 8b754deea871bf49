import { join } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import { ExplainedError } from '../model/errors.ts';
import { RECORD_SCHEMA_VERSION, type RunRecord } from '../model/record.ts';
import type { PreparedRun } from '../project/prepare-run.ts';
import { RunLedger } from '../project/run-ledger.ts';
import { closeDeadRuns } from '../reporting/begun-run.ts';
import type { OpenRunFolder } from '../reporting/run-folder.ts';
import { summarise } from '../reporting/run-summary.ts';
import type { TargetName } from '../targets/wishes.ts';
import { loadPromises } from './load.ts';
import { plannedPromises } from './promise-facts.ts';

const COMMAND = 'vitest';

export interface VitestRun {
  readonly prepared: PreparedRun;
  readonly runs: OpenRunFolder;
  readonly facts: RunFacts;
  readonly target: TargetName;
}

/** Writes the record of a run of vitest and its entries in the ledger, once its tests have ended. */
export interface VitestEvidence {
  end(): Promise<void>;
}

/**
 * Begins the evidence of a run of vitest, as the command line does for its own. A developer without the ledger's key tests all the same: what
 * cannot be written is told and fails no test.
 */
export async function beginEvidence({ prepared, runs, facts, target }: VitestRun): Promise<VitestEvidence> {
  const began = systemClock.now();
  const own = join(prepared.outDir, 'vitest');
  await closeDeadRuns(own, systemClock);
  const ranBy = facts.ranBy === undefined ? {} : { ranBy: facts.ranBy };
  await runs.reached({ began: began.utc, command: COMMAND, ...ranBy, target, stage: 'drills' });
  const ledger = await openOrTell(prepared);
  if (ledger !== undefined) {
    await ledger.settle(own);
    await ledger.begin({
      runId: runs.runId,
      path: runs.path,
      command: COMMAND,
      facts,
      promises: await promisesOf(prepared),
      selected: null,
      subjects: [],
    });
  }
  return {
    end: async () => {
      const drills = await runs.salvage();
      const ended = systemClock.now();
      const run: RunRecord = {
        schemaVersion: RECORD_SCHEMA_VERSION,
        runId: runs.runId,
        began: began.utc,
        ended: ended.utc,
        durationMs: Math.round(ended.monotonicMs - began.monotonicMs),
        command: COMMAND,
        ...ranBy,
        target,
        stages: [],
        summary: summarise(drills, true),
        drills: [...drills],
      };
      await runs.write(run);
      await ledger?.finish(run);
      for (const line of [...(ledger?.notes ?? []), ...(ledger?.problems ?? [])]) tell(line);
      ledger?.[Symbol.dispose]();
    },
  };
}

async function openOrTell({ ledger: settings }: PreparedRun): Promise<RunLedger | undefined> {
  try {
    return await RunLedger.open({ settings, clock: systemClock, environment: process.env });
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    tell(`this run of vitest is not in the ledger: ${error.message}`);
    return undefined;
  }
}

/** What the configuration's files promise. Where there are none, the tests lie elsewhere, and their drills are recorded all the same. */
async function promisesOf(prepared: PreparedRun) {
  try {
    return await plannedPromises(await loadPromises(await prepared.contractFiles()), {
      folder: prepared.project.folder,
      outDir: prepared.outDir,
    });
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return [];
  }
}

const tell = (line: string): void => void process.stderr.write(`dr-contracts: note: ${line}\n`);
