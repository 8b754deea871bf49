import { median } from '../../base/median.ts';
import type { DrillRecord } from '../../model/record.ts';
import { counted } from '../../model/text.ts';
import { formatDuration, formatSize } from '../../model/units.ts';
import { MEASUREMENT_VERSION } from '../entry.ts';
import type { RegressionFacts } from './decision.ts';
import type { RegressionRule } from './policy.ts';

// Detects a drill that is slower than the last comparable ones. Only measured times count: budgets of a contract (detection, decision)
// say nothing about the platform.

/** With fewer runs, the variation of the times is unknown. */
const FEWEST_RUNS = 5;
/** Below this, a difference is noise on any machine. */
const SMALLEST_TOLERANCE = 0.05;
const SIGMAS = 3;
/** The standard deviation of normally distributed values is this many times their median absolute deviation. */
const SIGMA_PER_MAD = 1.4826;
/** Sizes of generated data differ a little from run to run. */
const SAME_SIZE = 0.01;

/** The times of one drill, for comparison. */
export interface RegressionSample {
  readonly sizeBytes: number | null;
  readonly restoreMs: number | null;
  /** The measured time from the disaster until the service was back. */
  readonly totalMs: number;
}

/** The parts of a drill record that a comparison needs. */
export interface TimedDrill {
  readonly contract: Pick<DrillRecord['contract'], 'name'>;
  readonly disaster: Pick<DrillRecord['disaster'], 'name'>;
  readonly environment: {
    readonly target: string;
    readonly concurrentDrills: number;
    readonly beside?: readonly string[] | undefined;
    readonly host: Pick<DrillRecord['environment']['host'], 'platform' | 'arch' | 'cpus'>;
  };
  readonly failure?: unknown;
  readonly phases: readonly { readonly name: string; readonly outcome: string; readonly measuredMs: number }[];
  readonly seeded: { readonly bytes: number } | null;
}

/**
 * Returns the times of a drill, or why they cannot be compared: figures of another measurement version have another meaning, and a drill
 * that did not recover has none.
 */
export function sampleOf(record: TimedDrill, measurementVersion: number): RegressionSample | string {
  if (measurementVersion !== MEASUREMENT_VERSION) {
    return `its times were measured by version ${measurementVersion}, today's by version ${MEASUREMENT_VERSION}`;
  }
  if (record.failure !== null || record.phases.length === 0) return 'it did not run to its end';
  if (record.phases.some(({ outcome }) => outcome !== 'completed')) return 'one of its phases did not complete';
  if ((record.environment.beside ?? []).length > 0)
    return 'programs were being built at the same time, which slows a drill down';
  const restore = record.phases.find(({ name }) => name === 'restore');
  return {
    sizeBytes: record.seeded?.bytes ?? null,
    restoreMs: restore?.measuredMs ?? null,
    totalMs: record.phases.reduce((sum, { measuredMs }) => sum + measuredMs, 0),
  };
}

/**
 * Returns the properties that two comparable drills share. Size is not one: if sizes differ, the throughput is compared.
 */
export function seriesOf({ contract, disaster, environment }: TimedDrill): string {
  const { target, concurrentDrills, host } = environment;
  return JSON.stringify([contract.name, disaster.name, target, concurrentDrills, host.platform, host.arch, host.cpus]);
}

/** Judges one drill against those before it, the oldest first. */
export function judgeRegression(
  sample: RegressionSample | string,
  before: readonly RegressionSample[],
  rule: RegressionRule,
): RegressionFacts {
  if (typeof sample === 'string') {
    return { state: 'not-compared', runs: 0, sentence: `Not compared with earlier runs: ${sample}.` };
  }
  const sameSize = before.filter(({ sizeBytes }) => isSameSize(sizeBytes, sample.sizeBytes)).slice(-rule.runs);
  if (sameSize.length >= FEWEST_RUNS) {
    return judgeTimes(
      'Measured recovery',
      sample.totalMs,
      sameSize.map(({ totalMs }) => totalMs),
      rule,
    );
  }
  const rate = paceOf(sample);
  const rates = before
    .map(paceOf)
    .filter((each) => each !== undefined)
    .slice(-rule.runs);
  if (rate === undefined || rates.length < FEWEST_RUNS || sample.sizeBytes === null) {
    const runs = Math.max(sameSize.length, rate === undefined ? 0 : rates.length);
    const sentence = `No baseline yet: ${runs} of the ${FEWEST_RUNS} comparable runs that it takes.`;
    return { state: 'no-baseline', runs, sentence };
  }
  // The expected time of the restore at this size, at the throughput of the earlier ones.
  const { sizeBytes } = sample;
  return judgeTimes(
    `Restore of ${formatSize(sizeBytes)} (sizes differ, so by throughput)`,
    rate * sizeBytes,
    rates.map((each) => each * sizeBytes),
    rule,
  );
}

function judgeTimes(what: string, tookMs: number, before: readonly number[], rule: RegressionRule): RegressionFacts {
  const usualMs = median(before);
  const noiseMs = SIGMAS * SIGMA_PER_MAD * median(before.map((each) => Math.abs(each - usualMs)));
  const toleranceMs = Math.max(SMALLEST_TOLERANCE * usualMs, noiseMs);
  const limitMs = usualMs + Math.max(toleranceMs, (rule.relativePercent / 100) * usualMs, rule.absoluteMs);
  const percent = usualMs === 0 ? 0 : Math.round((tookMs / usualMs - 1) * 100);
  const change = percent === 0 ? 'as usual' : `${Math.abs(percent)} % ${percent > 0 ? 'slower' : 'faster'}`;
  const sentence = `${what} took ${formatDuration(tookMs)}; the median of the last ${counted(before.length, 'comparable run')} is ${formatDuration(usualMs)} (${change}, limit ${formatDuration(limitMs)}).`;
  return { state: tookMs > limitMs ? 'slower' : 'within', runs: before.length, sentence };
}

const isSameSize = (one: number | null, other: number | null): boolean =>
  one === other || (one !== null && other !== null && Math.abs(one - other) <= SAME_SIZE * Math.max(one, other));

/** Returns the restore time in milliseconds per byte. */
const paceOf = ({ sizeBytes, restoreMs }: RegressionSample): number | undefined =>
  sizeBytes === null || sizeBytes === 0 || restoreMs === null ? undefined : restoreMs / sizeBytes;
