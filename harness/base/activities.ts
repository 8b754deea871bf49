import type { Clock } from '../clock/clock.ts';

/** `obtaining` a program that is not there, `starting` a part of the target, or one of the other stages of a run. */
export type ActivityKind = 'loading' | 'obtaining' | 'starting' | 'checking' | 'drilling' | 'stopping';

/** Something that a run did on its machine. Times are readings of the run's monotonic clock. */
export interface Activity {
  readonly kind: ActivityKind;
  readonly what: string;
  readonly beganMs: number;
  /** Undefined while it goes on. */
  readonly endedMs: number | undefined;
  readonly failed: boolean;
  /** Where an obtained program came from, e.g. `built` or `cache`. */
  readonly source?: string;
}

/** What a run does and when, side by side: for its profile, and for drills that must say what went on beside them. */
export class Activities {
  readonly #clock: Clock;
  readonly #all: Activity[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In the order in which they began. */
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

  /** Begins an activity. @returns what ends it, once. */
  begin(kind: ActivityKind, what: string): (outcome: { readonly failed: boolean; readonly source?: string }) => void {
    const began: Activity = { kind, what, beganMs: this.#clock.monotonicMs(), endedMs: undefined, failed: false };
    const index = this.#all.push(began) - 1;
    return (outcome) => {
      this.#all[index] = { ...began, ...outcome, endedMs: this.#clock.monotonicMs() };
    };
  }

  /**
   * What slowed the machine down at some moment between the two: programs that were built or installed, and parts of the target that
   * were started.
   */
  loadBetween(beganMs: number, endedMs: number): readonly Activity[] {
    return this.#all.filter(
      (activity) =>
        isLoad(activity) && activity.beganMs < endedMs && (activity.endedMs ?? Number.POSITIVE_INFINITY) > beganMs,
    );
  }
}

/** A program that was found is no load: only its version was read. */
const isLoad = ({ kind, source }: Activity): boolean =>
  kind === 'starting' || (kind === 'obtaining' && (source === undefined || source === 'built'));
