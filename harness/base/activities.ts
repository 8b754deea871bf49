import type { Clock } from '../clock/clock.ts';

/** Kind of an activity: `obtaining` a missing program, `starting` a part of the target, or another stage of a run. */
export type ActivityKind = 'loading' | 'obtaining' | 'starting' | 'checking' | 'drilling' | 'stopping';

/** An activity of a run on its machine. Times are readings of the run's monotonic clock. */
export interface Activity {
  readonly kind: ActivityKind;
  readonly what: string;
  readonly beganMs: number;
  /** Undefined while the activity lasts. */
  readonly endedMs: number | undefined;
  readonly failed: boolean;
  /** Source of an obtained program, e.g. `built` or `cache`. */
  readonly source?: string;
}

/** Activities of a run with their times. The profile uses them, and so do drills, which must record what ran beside them. */
export class Activities {
  readonly #clock: Clock;
  readonly #all: Activity[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All activities in the order in which they began. */
  get all(): readonly Activity[] {
    return this.#all;
  }

  async time<T>(kind: ActivityKind, what: string, work: () => Promise<T>): Promise<T> {
    const end = this.begin(kind, what);
    let failed = true;
    try {
      const value = await work();
      failed = false;
      return value;
    } finally {
      end({ failed });
    }
  }

  /** Begins an activity. @returns a function that ends it; call it once. */
  begin(kind: ActivityKind, what: string): (outcome: { readonly failed: boolean; readonly source?: string }) => void {
    const began: Activity = { kind, what, beganMs: this.#clock.monotonicMs(), endedMs: undefined, failed: false };
    const index = this.#all.push(began) - 1;
    return (outcome) => {
      this.#all[index] = { ...began, ...outcome, endedMs: this.#clock.monotonicMs() };
    };
  }

  /**
   * Returns the activities that slowed the machine down between the two times: building or installing programs, and starting parts of the
   * target.
   */
  loadBetween(beganMs: number, endedMs: number): readonly Activity[] {
    return this.#all.filter(
      (activity) =>
        isLoad(activity) && activity.beganMs < endedMs && (activity.endedMs ?? Number.POSITIVE_INFINITY) > beganMs,
    );
  }
}

/** True for activities that load the machine. A program that was found is no load: only its version was read. */
const isLoad = ({ kind, source }: Activity): boolean =>
  kind === 'starting' || (kind === 'obtaining' && (source === undefined || source === 'built'));
