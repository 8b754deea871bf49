import { systemClock } from '../clock/clock.ts';
import { defineContract } from '../contract/define.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import { gatherFacts } from '../contract/facts.ts';
import { runDrill } from '../drill/run-drill.ts';
import { jetstream, script } from '../index.ts';
import type { Contract } from '../model/contract.ts';
import type { DrillListener } from '../model/events.ts';
import type { DrillRecord } from '../model/record.ts';
import type { Target } from '../model/target.ts';

export interface MeasuredDrill {
  readonly contract: Contract;
  readonly disaster: string;
  readonly target: Target;
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  readonly listener?: DrillListener;
}

/**
 * One drill as a run has it, but saved nowhere.
 * @throws when it is not met: a drill that ends early is quick, and its figures would mislead.
 */
export async function runMetDrill({ listener = () => undefined, ...drill }: MeasuredDrill): Promise<DrillRecord> {
  const run = await gatherFacts({ runId: 'bench', trigger: 'bench', concurrentDrills: 1 }, drill.signal);
  const record = await runDrill({
    ...drill,
    listener,
    run,
    drillId: newDrillId(),
    clock: systemClock,
    save: async () => undefined,
  });
  if (record.judgement?.verdict !== 'met') {
    throw new Error(`${drill.contract.name} on ${drill.target.name}: ${record.judgement?.sentence}`);
  }
  return record;
}

/** How long a whole drill takes. */
export async function timeDrill(drill: MeasuredDrill): Promise<number> {
  const beganMs = systemClock.monotonicMs();
  await runMetDrill(drill);
  return systemClock.monotonicMs() - beganMs;
}

export const scripts = {
  backup: 'fixtures/platform/scripts/nats-backup.sh',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
} as const;

/** One stream of so many messages, protected by the platform's own scripts. */
export const natsContract = (name: string, messages: number, payload: string): Contract =>
  defineContract({
    name,
    asset: jetstream({ streams: [{ name, subjects: [`${name}.a`], messages, payload }] }),
    rto: '2h',
    rpo: '5m',
    priority: 'P3',
    owner: 'bench',
    protectedBy: script({ ...scripts, schedule: { cron: '*/2 * * * *', timeZone: 'UTC' }, prefix: 'nats/' }),
    survives: ['stream-deleted'],
  });
