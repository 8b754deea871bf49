import type { Clock } from '../clock/clock.ts';

export interface StageTime {
  readonly name: string;
  readonly durationMs: number;
}

/** How long the stages of a run took, in the order in which they ended. A stage that fails is timed too. */
export class StageTimes {
  private readonly clock: Clock;
  private readonly measured: StageTime[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const beganMs = this.clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.measured.push({ name, durationMs: Math.round(this.clock.monotonicMs() - beganMs) });
    }
  }

  /** These and those of others, in the order of a run. What was measured here wins: a stage of the same name elsewhere holds more than itself. */
  mergedWith(others: readonly StageTime[]): StageTime[] {
    const own = new Set(this.measured.map((stage) => stage.name));
    const all = [...this.measured, ...others.filter((stage) => !own.has(stage.name))];
    return all.toSorted((one, other) => placeOf(one.name) - placeOf(other.name));
  }
}

export const CONTRACTS_LOADED = 'contracts loaded';
export const TOOLCHAIN = 'toolchain';
export const TARGET_STARTED = 'target started';
export const POSTURE = 'posture';
export const DRILLS = 'drills';
export const TARGET_STOPPED = 'target stopped';

const LATE: readonly string[] = [TOOLCHAIN, TARGET_STARTED, POSTURE, DRILLS, TARGET_STOPPED];

/** A stage that nobody expected comes before all others, as loading does. */
function placeOf(name: string): number {
  return LATE.indexOf(name);
}
