import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import type { DrillRecord, SizePoint } from '../model/record.ts';
import { Secrets } from '../model/secrets.ts';
import type { Target } from '../model/target.ts';
import { judge } from '../verdict/judge.ts';
import { Cleanup } from './cleanup.ts';
import { Drill } from './drill.ts';
import { drillName } from './drill-name.ts';
import { newRecord, type RunFacts } from './new-record.ts';
import { type DrillTuning, defaultTuning } from './tuning.ts';

export interface DrillOptions {
  readonly contract: Contract;
  readonly disaster: string;
  readonly target: Target;
  readonly drillId: string;
  readonly run: RunFacts;
  /** A folder outside the blast radius; the drill makes its own below it and removes that at the end. */
  readonly scratchDir: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  /** Called three times: at the start, after the restore, after the verdict. */
  readonly save: (record: DrillRecord) => Promise<void>;
  readonly scale?: number;
  /** Points of the same contract and disaster at smaller sizes. */
  readonly earlierSizes?: readonly SizePoint[];
  readonly tuning?: Partial<DrillTuning>;
}

/**
 * Runs one drill and judges it. Whatever goes wrong, there is a record of it, and what the drill made is removed.
 * @throws only when the record itself cannot be saved, or the contract does not know the disaster.
 */
export async function runDrill(options: DrillOptions): Promise<DrillRecord> {
  const { contract, clock, drillId, listener } = options;
  const disaster = contract.asset.disasters.find(({ name }) => name === options.disaster);
  if (disaster === undefined) {
    throw new ExplainedError({
      thing: `contract "${contract.name}"`,
      expected: `one of the disasters that a ${contract.asset.system} asset knows (${contract.asset.disasters.map(({ name }) => name).join(', ')})`,
      observed: `it names "${options.disaster}"`,
      nextStep: 'Correct `survives`.',
    });
  }
  const name = drillName(contract.name, disaster.name);
  const tuning = { ...defaultTuning, ...options.tuning };
  const record = newRecord(contract, disaster, options.target, options.run, drillId, clock.now());
  record.sizes.push(...(options.earlierSizes ?? []));
  const scratchDir = join(options.scratchDir, drillId);
  const cleanup = new Cleanup(clock, tuning.cleanupBudgetMs);
  cleanup.register('scratch folder of the drill', () => rm(scratchDir, { recursive: true, force: true }));
  await mkdir(scratchDir, { recursive: true });
  await options.save(record);

  const secrets = new Secrets();
  const drill = new Drill({
    ...options,
    name,
    record,
    cleanup,
    tuning,
    scratchDir,
    secrets,
    scale: options.scale ?? 1,
  });
  await drill.run();

  listener({ kind: 'stage', drill: name, stage: 'clean-up' });
  const cleanupBeganMs = clock.monotonicMs();
  record.cleanup = await cleanup.run();
  record.stages.push({ name: 'clean-up', durationMs: clock.monotonicMs() - cleanupBeganMs, outcome: 'completed' });
  record.moments.ended = clock.now();
  record.state = 'complete';
  record.judgement = judge(record);
  await options.save(record);
  const durationMs = record.moments.ended.monotonicMs - record.moments.began.monotonicMs;
  listener({ kind: 'judged', drill: name, judgement: record.judgement, durationMs });
  return record;
}
