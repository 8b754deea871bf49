import { randomInt } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import { runDrill } from '../drill/run-drill.ts';
import type { DrillTuning } from '../drill/tuning.ts';
import type { Contract } from '../model/contract.ts';
import type { DrillListener } from '../model/events.ts';
import { type DrillRecord, drillRecordSchema, type FindingName, type SizePoint } from '../model/record.ts';
import { isKept } from '../model/record-parts.ts';
import { Secrets } from '../model/secrets.ts';
import type { Target } from '../model/target.ts';
import { withManifests } from './prepare.ts';

interface ContractDrill {
  readonly contract: Contract;
  readonly disaster: string;
  readonly target: Target;
  readonly facts: RunFacts;
  /** Folder of the run; records are written below it. */
  readonly runDir: string;
  readonly scratchDir: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  readonly secrets?: Secrets | undefined;
  readonly tuning?: Partial<DrillTuning> | undefined;
  /** Other activities of the run on the machine between two readings of the clock. */
  readonly besideOf?: ((beganMs: number, endedMs: number) => readonly string[]) | undefined;
}

/**
 * Drills one disaster of a contract, at every size that it requires, and writes the records into the run's folder. Renders manifests with
 * the target's kubectl, unless they were rendered already.
 * @throws {ContractMistakeError} for a mistake in them.
 */
export async function drillContract(drill: ContractDrill): Promise<DrillRecord> {
  const { facts, runDir, tuning = {}, secrets = new Secrets(), besideOf = () => [], ...rest } = drill;
  const { target, signal } = drill;
  const [contract = drill.contract] = await withManifests([drill.contract], () => target.tool('kubectl'), signal);
  // The last record of a series has the times of all sizes.
  const beganMs = drill.clock.monotonicMs();
  const same = { ...rest, contract, besideOf: (endedMs: number) => besideOf(beganMs, endedMs) };
  return await drillThroughSizes(contract, (size) =>
    runDrill({ ...same, ...size, tuning, secrets, drillId: newDrillId(), run: facts, save: recordSaver(runDir) }),
  );
}

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Returns a short, unique id, safe in every kind of name: stream, bucket, namespace. */
export function newDrillId(): string {
  return `d${Array.from({ length: 7 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')}`;
}

/** Writes a validated record in one step below the run's folder. The same drill overwrites its own earlier state. */
export function recordSaver(runDir: string): (record: DrillRecord) => Promise<void> {
  return async (record) => {
    const dir = join(runDir, 'drills');
    await mkdir(dir, { recursive: true });
    const path = join(dir, `${record.contract.name}--${record.disaster.name}--${record.drillId}.json`);
    await writeFile(`${path}.part`, `${JSON.stringify(drillRecordSchema.parse(record), undefined, 2)}\n`);
    await rename(`${path}.part`, path);
  };
}

/** Multiples of the seed at which a contract with a production size is drilled: four points, each twice the last. */
const SCALES = [1, 2, 4, 8] as const;

/** Returns the sizes at which a contract is drilled. */
export const scalesOf = ({ productionSizeBytes }: Pick<Contract, 'productionSizeBytes'>): readonly number[] =>
  productionSizeBytes === undefined ? [1] : SCALES;

/** Findings that depend on the schedule alone, and the RTO, which all sizes decide together. */
const NO_MATTER_OF_SIZE: readonly FindingName[] = ['rto', 'exposure', 'freshness'];

interface SizedDrill {
  readonly scale: number;
  readonly earlierSizes: readonly SizePoint[];
}

/**
 * Runs the drill once, or at several sizes where the contract declares a production size. Returns the last record: the largest, with the
 * points of all, or the first that is not proved.
 */
async function drillThroughSizes(
  contract: Contract,
  drill: (size: SizedDrill) => Promise<DrillRecord>,
): Promise<DrillRecord> {
  if (contract.productionSizeBytes === undefined) return drill({ scale: 1, earlierSizes: [] });
  let record: DrillRecord | undefined;
  for (const scale of SCALES) {
    record = await drill({ scale, earlierSizes: record?.sizes ?? [] });
    const sound = record.judgement?.findings.every(
      ({ name, verdict }) => NO_MATTER_OF_SIZE.includes(name) || isKept(verdict),
    );
    if (record.failure !== null || sound !== true) return record;
  }
  if (record === undefined) throw new Error('no size was drilled');
  return record;
}
