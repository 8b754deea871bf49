import { ManualClock } from '../../clock/testing/manual-clock.ts';
import type { Contract } from '../../model/contract.ts';
import type { DrillRecord } from '../../model/record.ts';
import { Places, type Target } from '../../model/target.ts';
import type { RunFacts } from '../new-record.ts';
import { type DrillOptions, runDrill } from '../run-drill.ts';

const refuse = (): never => {
  throw new Error('the in-memory target has no servers');
};

export const memoryTarget: Target = {
  name: 'memory',
  sessionId: 'test',
  capabilities: [],
  differencesFromProduction: [],
  tools: [],
  sandbox: { kind: 'none', reason: 'a test' },
  tool: refuse,
  commandLines: {},
  ...new Places('memory', []).members,
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
  /** Copies of the record at each save. */
  readonly saved: readonly DrillRecord[];
}

/** Runs the drill on a manual clock: exact and without real waits. */
export async function runMemoryDrill(
  contract: Contract,
  overrides: Partial<Omit<DrillOptions, 'clock'>> & { readonly clock?: ManualClock } = {},
): Promise<MemoryDrill> {
  const saved: DrillRecord[] = [];
  const { clock = new ManualClock() } = overrides;
  const drill = runDrill({
    contract,
    disaster: 'wiped',
    target: memoryTarget,
    drillId: 'dmemory',
    run: memoryFacts,
    scratchDir: 'nowhere',
    folders: { make: async () => undefined, remove: async () => undefined },
    signal: new AbortController().signal,
    listener: () => undefined,
    save: async (state) => {
      saved.push(structuredClone(state));
    },
    ...overrides,
    clock,
    tuning: {
      markerIntervalMs: 5,
      probeIntervalMs: 5,
      probeRestIntervalMs: 20,
      goneBudgetMs: 100,
      serviceBudgetMs: 300,
      markersAround: 3,
      ...overrides.tuning,
    },
  });
  return { record: await clock.drive(drill), saved };
}
