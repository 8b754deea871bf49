import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { type DrillOptions, runDrill } from '../drill/run-drill.ts';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { memoryFacts, memoryTarget, runMemoryDrill } from '../drill/testing/run-memory-drill.ts';
import type { Contract } from '../model/contract.ts';
import type { DrillRecord, FindingName, Verdict } from '../model/record.ts';
import { drillContract } from './drill-contract.ts';

// The first drill is real. The others are pretended: each returns a record that the case wants.
vi.mock('../drill/run-drill.ts', { spy: true });

const GIB = 2 ** 30;
const { record: met } = await runMemoryDrill(memoryContract(memoryWorld()));

/** Drills the contract by pretended drills. Returns the last record, and the sizes that were drilled. */
async function drillPretending(
  contract: Contract,
  pretend: (options: DrillOptions) => DrillRecord,
): Promise<{ readonly record: DrillRecord; readonly scales: readonly (number | undefined)[] }> {
  const scales: (number | undefined)[] = [];
  vi.mocked(runDrill).mockImplementation(async (options) => {
    scales.push(options.scale);
    return pretend(options);
  });
  const record = await drillContract({
    contract,
    disaster: 'wiped',
    target: memoryTarget,
    facts: memoryFacts,
    runDir: 'nowhere',
    scratchDir: 'nowhere',
    clock: new ManualClock(),
    signal: new AbortController().signal,
    listener: () => undefined,
  });
  return { record, scales };
}

describe('a contract with a production size', () => {
  const contract = memoryContract(memoryWorld(), { productionSizeBytes: 50 * GIB });

  it('is drilled at four sizes, and the last record carries the points of all', async () => {
    const { record, scales } = await drillPretending(contract, ({ scale = 0, earlierSizes = [] }) => ({
      ...met,
      sizes: [...earlierSizes, { sizeBytes: scale * GIB, restoreMs: scale * 100, backupMs: 1 }],
    }));
    expect(scales).toEqual([1, 2, 4, 8]);
    expect(record.sizes.map(({ sizeBytes }) => sizeBytes / GIB)).toEqual([1, 2, 4, 8]);
  });

  it('stops at the first size at which something is not proved', async () => {
    const failed: DrillRecord = {
      ...met,
      failure: { stage: 'restore', blame: 'procedure', messages: ['x'], aborted: false },
    };
    const { record, scales } = await drillPretending(contract, ({ scale }) => (scale === 2 ? failed : met));
    expect(scales).toEqual([1, 2]);
    expect(record).toBe(failed);
  });
});

describe('a contract with a production size, of which something is not met', () => {
  const contract = memoryContract(memoryWorld(), { productionSizeBytes: 50 * GIB });
  const judgedAs = (name: FindingName, verdict: Verdict): DrillRecord => {
    if (met.judgement === null) throw new Error('the drill was not judged');
    const findings = [...met.judgement.findings.filter((each) => each.name !== name), { name, verdict, sentence: '' }];
    return { ...met, judgement: { ...met.judgement, findings } };
  };

  it.each([
    ['freshness', 'at-risk'],
    ['freshness', 'breached'],
    ['exposure', 'breached'],
    ['rpo', 'at-risk'],
    ['rto', 'unproven'],
  ] as const)('B13: goes on to all sizes although %s is %s, which no size changes', async (name, verdict) => {
    const { scales } = await drillPretending(contract, () => judgedAs(name, verdict));
    expect(scales).toEqual([1, 2, 4, 8]);
  });

  it.each([
    ['content', 'breached'],
    ['rpo', 'breached'],
    ['destruction', 'unproven'],
  ] as const)('stops where %s is %s', async (name, verdict) => {
    const { scales } = await drillPretending(contract, () => judgedAs(name, verdict));
    expect(scales).toEqual([1]);
  });
});

describe('a contract without one', () => {
  it('is drilled once', async () => {
    const { record, scales } = await drillPretending(memoryContract(memoryWorld()), () => met);
    expect(scales).toEqual([1]);
    expect(record).toBe(met);
  });
});
