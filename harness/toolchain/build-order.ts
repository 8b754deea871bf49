import type { Clock } from '../clock/clock.ts';
import type { ToolName } from '../model/target.ts';
import { formatDuration } from '../model/units.ts';
import { inOrder } from './locate.ts';
import { recipeOf } from './recipes.ts';

/**
 * Sorts the programs in build order: first those of the wish with the least remaining work, then those of the wish with the least work
 * beyond these, and so on. A wish is the set of programs that one contract needs; its drills begin when all of them are available.
 */
export function inBuildOrder(
  wishes: readonly (readonly ToolName[])[],
  missing: readonly ToolName[],
): readonly ToolName[] {
  const ordered = new Set<ToolName>();
  const left = wishes.map((wish) => inOrder(wish).filter((name) => missing.includes(name)));
  const workIn = (wish: readonly ToolName[]) =>
    wish.filter((name) => !ordered.has(name)).reduce((sum, name) => sum + workOf(name), 0);
  while (left.length > 0) {
    const next = left.reduce((best, wish) => (workIn(wish) < workIn(best) ? wish : best));
    left.splice(left.indexOf(next), 1);
    for (const name of next) ordered.add(name);
  }
  return [...ordered];
}

/** LocalStack and aws are installed beside the Go builds and delay none of them. */
function workOf(name: ToolName): number {
  const recipe = recipeOf(name);
  return recipe.kind === 'go' ? recipe.typicalBuildS : 0;
}

/** Interval at which a lane repeats its elapsed time. */
const TICK_MS = 15_000;

/** Lanes, in their order in the line. */
export const lanes = ['go', 'python'] as const;
type Lane = (typeof lanes)[number];

interface LaneState {
  activity: string;
  suffix: string;
  beganMs: number;
}

/** Combines concurrent activities in one line: the activity, its elapsed time, the next one. */
export class BuildProgress {
  private readonly active = new Map<Lane, LaneState>();
  private readonly clock: Clock;
  private readonly report: (message: string) => void;

  constructor(clock: Clock, report: (message: string) => void) {
    this.clock = clock;
    this.report = report;
  }

  begin(lane: Lane, suffix: string): (activity: string) => void {
    const state: LaneState = { activity: '', suffix, beganMs: this.clock.monotonicMs() };
    return (activity) => {
      if (state.activity === activity && this.active.get(lane) === state) return;
      state.activity = activity;
      this.active.set(lane, state);
      this.tell();
    };
  }

  end(lane: Lane, outcome: string): void {
    this.active.delete(lane);
    this.report(outcome);
  }

  /** Repeats the line with the elapsed time until the signal aborts. */
  async keepTelling(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.pause(TICK_MS, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (!signal.aborted) this.tell();
    }
  }

  private tell(): void {
    const nowMs = this.clock.monotonicMs();
    const parts = lanes.flatMap((lane) => {
      const state = this.active.get(lane);
      if (state === undefined) return [];
      const { activity, suffix, beganMs } = state;
      const soFarMs = nowMs - beganMs;
      const soFar = soFarMs < 1_000 ? '' : `; ${formatDuration(Math.floor(soFarMs / 1_000) * 1_000)} so far`;
      return [`${activity}${suffix}${soFar}`];
    });
    if (parts.length > 0) this.report(parts.join(' | '));
  }
}
