import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../base/files.ts';
import { type EntryBody, MEASUREMENT_VERSION, type PromiseFacts } from '../evidence/entry.ts';
import { digestOf, encodeEntry, entryName } from '../evidence/ledger/entry-file.ts';
import type { Signer } from '../evidence/ledger/envelope.ts';
import { runIdAt } from '../reporting/run-folder.ts';
import { madeUpRun } from '../reporting/testing/made-up-records.ts';
import { recordedRun } from '../verdict/testing/recorded-run.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** As many as a middle-sized platform has, each with as many scripts and manifests as the reference platform's. */
const CONTRACTS = 20;
const INPUTS = 25;

export interface LongLedger {
  readonly folder: string;
  readonly entries: number;
  readonly bytes: number;
  readonly promises: readonly PromiseFacts[];
  /** When it was written: a day after its last run. */
  readonly nowUtc: string;
}

export interface DrillNames {
  readonly contract: string;
  readonly disaster: string;
}

/** What a middle-sized platform promises: twenty contracts of one disaster each. */
const TWENTY: readonly DrillNames[] = Array.from({ length: CONTRACTS }, (_, index) => ({
  contract: `contract-${index}`,
  disaster: 'server-lost',
}));

/**
 * Writes the ledger of daily runs. Each drill is a real record under the name of its contract. The files are not synced: the bench
 * measures how they are read.
 * @param drills what each run drills.
 * @param target whose records the drills are.
 */
export async function writeLongLedger(
  folder: string,
  runs: number,
  signer: Signer,
  signal: AbortSignal,
  {
    drills = TWENTY,
    target = 'docker',
  }: { readonly drills?: readonly DrillNames[]; readonly target?: 'local' | 'docker' } = {},
): Promise<LongLedger> {
  await makeFolder(folder);
  const { drills: real } = await recordedRun(target);
  const promises = [...new Set(drills.map(({ contract }) => contract))].map((contract, index) =>
    promiseOf(contract, index, drills),
  );
  const place = { sequence: 0, previous: null as string | null };
  let [bytes, nowMs] = [0, Date.parse('2024-01-01T00:00:00.000Z')];
  const append = async (body: EntryBody) => {
    place.sequence += 1;
    const file = await encodeEntry(place, body, { subjects: [], signer }, signal);
    await writeFile(join(folder, entryName(place.sequence)), file);
    place.previous = digestOf(file);
    bytes += file.length;
    nowMs += MINUTE_MS;
  };
  const at = () => new Date(nowMs).toISOString();
  for (let run = 1; run <= runs; run += 1) {
    const beganMs = nowMs;
    // As a run's own: the page takes a run for an earlier one by the order of the ids.
    const runId = runIdAt(at());
    await append({
      kind: 'run-started',
      runId,
      at: at(),
      command: 'dr-contracts drill',
      trigger: 'bench',
      ranBy: { host: 'bench', user: null, pipeline: null, runUrl: null, actor: null },
      commit: 'c0ffee0000000000000000000000000000000000',
      dirty: false,
      harnessVersion: '0.1.0',
      measurementVersion: MEASUREMENT_VERSION,
      promises: [...promises],
      selected: null,
    });
    const records = drills.map(({ contract, disaster }, index) => {
      const record = real[index % real.length];
      if (record === undefined) throw new Error('there is no record of a real run');
      const ended = record.moments.ended && { ...record.moments.ended, utc: at() };
      return {
        ...record,
        runId,
        drillId: `d${run}-${index}`,
        contract: { ...record.contract, name: contract },
        disaster: { ...record.disaster, name: disaster },
        moments: { ...record.moments, ended },
      };
    });
    for (const record of records) {
      await append({ kind: 'drill', runId, at: at(), measurementVersion: MEASUREMENT_VERSION, record });
    }
    const { drills: _, ...finished } = { ...madeUpRun(records), runId };
    await append({ kind: 'run-finished', runId, at: at(), run: finished });
    nowMs = beganMs + DAY_MS;
  }
  return { folder, entries: place.sequence, bytes, promises, nowUtc: at() };
}

function promiseOf(contract: string, index: number, drills: readonly DrillNames[]): PromiseFacts {
  return {
    contract,
    file: `contracts/${contract}.spec.ts`,
    priority: `P${index % 4}`,
    owner: 'bench',
    controls: ['SOC 2 A1.2'],
    disasters: drills.filter((drill) => drill.contract === contract).map(({ disaster }) => disaster),
    cadenceMs: DAY_MS,
    inputs: Array.from({ length: INPUTS }, (_, input) => ({
      path: `manifests/${contract}/${input}.yaml`,
      digest: digestOf(Buffer.from(`${contract} ${input}`)),
    })),
  };
}
