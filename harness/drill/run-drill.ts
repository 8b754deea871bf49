import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import { type DrillRecord, drillRecordSchema, type SizePoint } from '../model/record.ts';
import { redactRecord } from '../model/redact-record.ts';
import { Secrets } from '../model/secrets.ts';
import type { Target } from '../model/target.ts';
import { judge } from '../verdict/judge.ts';
import { Cleanup } from './cleanup.ts';
import { tellingCredentials } from './credentials.ts';
import { Drill } from './drill.ts';
import { drillName } from './drill-name.ts';
import { newRecord, type RunFacts } from './new-record.ts';
import { withoutSecretValues } from './recovery.ts';
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
  /** Shared by all drills of a run; a set of its own when left out. */
  readonly secrets?: Secrets;
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
  const { contract, clock, drillId, secrets = new Secrets() } = options;
  const told = (record: DrillRecord): DrillRecord =>
    redactRecord(drillRecordSchema, withoutSecretValues(record, secrets), secrets);
  const save = (record: DrillRecord): Promise<void> => options.save(told(record));
  const listener = redactingListener(options.listener, secrets);
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
  await save(record);

  const drill = new Drill({
    ...options,
    target: tellingCredentials(options.target, secrets),
    listener,
    save,
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
  record.stages.push({ name: 'clean-up', durationMs: clock.monotonicMs() - cleanupBeganMs });
  record.moments.ended = clock.now();
  record.state = 'complete';
  record.judgement = judge(record);
  // Judged before, as it was observed; what leaves this function is the copy.
  const final = told(record);
  await options.save(final);
  const durationMs = record.moments.ended.monotonicMs - record.moments.began.monotonicMs;
  listener({ kind: 'judged', drill: name, judgement: final.judgement ?? record.judgement, durationMs });
  return final;
}

const redactingListener =
  (listener: DrillListener, secrets: Secrets): DrillListener =>
  (event) =>
    listener(event.kind === 'progress' ? { ...event, message: secrets.redact(event.message) } : event);
