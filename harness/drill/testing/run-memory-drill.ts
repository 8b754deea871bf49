import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock/clock.ts';
import type { Contract } from '../../model/contract.ts';
import type { DrillRecord } from '../../model/record.ts';
import type { Target } from '../../model/target.ts';
import type { RunFacts } from '../new-record.ts';
import { type DrillOptions, runDrill } from '../run-drill.ts';

const refuse = (): never => {
  throw new Error('the in-memory target has no servers');
};

export const memoryTarget: Target = {
  name: 'memory',
  sessionId: 'test',
  capabilities: [],
  s3: { endpoint: '', region: '', accessKeyId: '', secretAccessKey: '', backupBucket: '' },
  differencesFromProduction: [],
  tools: [],
  tool: refuse,
  sharedNats: refuse,
  dedicatedNats: refuse,
  sharedKubernetes: refuse,
  dedicatedKubernetes: refuse,
};

export const memoryFacts: RunFacts = {
  runId: 'run',
  trigger: 'test',
  concurrentDrills: 1,
  harnessVersion: '0.0.0',
  commit: null,
  dirty: null,
  host: { platform: 'linux', arch: 'x64', cpus: 1, memoryBytes: 1 },
  node: process.version,
};

export interface MemoryDrill {
  readonly record: DrillRecord;
  /** The record as it was at each save. */
  readonly saved: readonly DrillRecord[];
}

export async function runMemoryDrill(contract: Contract, overrides: Partial<DrillOptions> = {}): Promise<MemoryDrill> {
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-memory-'));
  const saved: DrillRecord[] = [];
  try {
    const record = await runDrill({
      contract,
      disaster: 'wiped',
      target: memoryTarget,
      drillId: 'dmemory',
      run: memoryFacts,
      scratchDir,
      clock: systemClock,
      signal: new AbortController().signal,
      listener: () => undefined,
      save: async (state) => {
        saved.push(structuredClone(state));
      },
      ...overrides,
      tuning: {
        markerIntervalMs: 1,
        probeIntervalMs: 1,
        goneBudgetMs: 100,
        serviceBudgetMs: 300,
        markersAround: 3,
        ...overrides.tuning,
      },
    });
    return { record, saved };
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}
