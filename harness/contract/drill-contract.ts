import type { Clock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import { runDrill } from '../drill/run-drill.ts';
import type { DrillTuning } from '../drill/tuning.ts';
import type { Contract } from '../model/contract.ts';
import type { DrillListener } from '../model/events.ts';
import type { DrillRecord } from '../model/record.ts';
import { Secrets } from '../model/secrets.ts';
import type { Target } from '../model/target.ts';
import { newDrillId, recordSaver } from './drill-files.ts';
import { withManifests } from './prepare.ts';
import { drillThroughSizes } from './sizes.ts';

export interface ContractDrill {
  readonly contract: Contract;
  readonly disaster: string;
  readonly target: Target;
  readonly facts: RunFacts;
  /** Folder of the run: records are written below it. */
  readonly runDir: string;
  readonly scratchDir: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  readonly secrets?: Secrets | undefined;
  readonly tuning?: Partial<DrillTuning> | undefined;
  /** What the run itself did on the machine between two readings of the clock, besides drilling. */
  readonly besideOf?: ((beganMs: number, endedMs: number) => readonly string[]) | undefined;
}

/**
 * Drills one disaster of a contract, at as many sizes as it asks for, and leaves the records in the run's folder. Manifests that were not
 * rendered yet are rendered by the target's kubectl.
 * @throws {ContractMistakeError} for a mistake in them.
 */
export async function drillContract(drill: ContractDrill): Promise<DrillRecord> {
  const { facts, runDir, tuning = {}, secrets = new Secrets(), besideOf = () => [], ...rest } = drill;
  const { target, signal } = drill;
  const [contract = drill.contract] = await withManifests([drill.contract], () => target.tool('kubectl'), signal);
  // The last record of a series holds the times of all sizes.
  const beganMs = drill.clock.monotonicMs();
  const same = { ...rest, contract, besideOf: (endedMs: number) => besideOf(beganMs, endedMs) };
  return await drillThroughSizes(contract, (size) =>
    runDrill({ ...same, ...size, tuning, secrets, drillId: newDrillId(), run: facts, save: recordSaver(runDir) }),
  );
}
