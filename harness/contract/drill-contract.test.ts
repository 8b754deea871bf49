import { describe, expect, it } from 'vitest';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { runMemoryDrill } from '../drill/testing/run-memory-drill.ts';
import type { DrillRecord, FindingName, Verdict } from '../model/record.ts';
import { drillThroughSizes, type SizedDrill } from './drill-contract.ts';

const GIB = 2 ** 30;
const { record: met } = await runMemoryDrill(memoryContract(memoryWorld()));

/** Pretends to drill: the restore costs what the line says. */
const pretend =
  (restoreMs: (scale: number) => number, asked: number[]) =>
  async ({ scale, earlierSizes }: SizedDrill): Promise<DrillRecord> => {
    asked.push(scale);
    return { ...met, sizes: [...earlierSizes, { sizeBytes: scale * GIB, restoreMs: restoreMs(scale), backupMs: 1 }] };
  };

describe('a contract with a production size', () => {
  const contract = memoryContract(memoryWorld(), { productionSizeBytes: 50 * GIB });

  it('is drilled at four sizes, and the last record carries the points of all', async () => {
    const asked: number[] = [];
    const record = await drillThroughSizes(
      contract,
      pretend((scale) => scale * 100, asked),
    );
    expect(asked).toEqual([1, 2, 4, 8]);
    expect(record.sizes.map(({ sizeBytes }) => sizeBytes / GIB)).toEqual([1, 2, 4, 8]);
  });

  it('stops at the first size at which something is not proved', async () => {
    const asked: number[] = [];
    const failed: DrillRecord = {
      ...met,
      failure: { stage: 'restore', blame: 'procedure', messages: ['x'], aborted: false },
    };
    const record = await drillThroughSizes(contract, async ({ scale }) => {
      asked.push(scale);
      return scale === 2 ? failed : met;
    });
    expect(asked).toEqual([1, 2]);
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
  const sizesDrilled = async (record: DrillRecord): Promise<readonly number[]> => {
    const asked: number[] = [];
    await drillThroughSizes(contract, async ({ scale }) => {
      asked.push(scale);
      return record;
    });
    return asked;
  };

  it.each([
    ['freshness', 'at-risk'],
    ['freshness', 'breached'],
    ['exposure', 'breached'],
    ['rpo', 'at-risk'],
    ['rto', 'unproven'],
  ] as const)('B13: goes on to all sizes although %s is %s, which no size changes', async (name, verdict) => {
    expect(await sizesDrilled(judgedAs(name, verdict))).toEqual([1, 2, 4, 8]);
  });

  it.each([
    ['content', 'breached'],
    ['rpo', 'breached'],
    ['destruction', 'unproven'],
  ] as const)('stops where %s is %s', async (name, verdict) => {
    expect(await sizesDrilled(judgedAs(name, verdict))).toEqual([1]);
  });
});

describe('a contract without one', () => {
  it('is drilled once', async () => {
    const asked: number[] = [];
    await drillThroughSizes(
      memoryContract(memoryWorld()),
      pretend(() => 1, asked),
    );
    expect(asked).toEqual([1]);
  });
});
