import type { Clock } from '../clock/clock.ts';
import type { DrillListener } from '../model/events.ts';
import type { PostureContract, PostureProject, PostureRecord } from '../model/posture.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Capability } from '../model/service.ts';
import type { Target } from '../model/target.ts';
import { runPosture } from '../posture/run-posture.ts';

export interface PostureRun {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly scratchDir: string;
  readonly listener: DrillListener;
  readonly secrets?: Secrets | undefined;
  readonly target: Target;
  readonly project: PostureProject;
  /** Why the target lacks parts that the posture needs. */
  readonly missing: ReadonlyMap<Capability, string>;
}

/** Checks one posture on a target, and tells the listener how far it is. */
export async function runPostureOn(
  contract: PostureContract,
  { listener, secrets, target, project, missing, scratchDir, clock, signal }: PostureRun,
): Promise<PostureRecord> {
  const progress = (message: string) => listener({ kind: 'progress', drill: 'posture', message });
  return await runPosture(contract, {
    target,
    project,
    missing,
    scratchDir,
    clock,
    signal,
    progress,
    ...(secrets === undefined ? {} : { secrets }),
  });
}
