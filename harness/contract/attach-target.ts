import type { Clock } from '../clock/clock.ts';
import type { Target } from '../model/target.ts';
import { attachDockerTarget } from '../targets/docker/attach.ts';
import type { DockerTargetHandle } from '../targets/docker/handle.ts';
import { attachLocalTarget } from '../targets/local/attach.ts';
import type { LocalTargetHandle } from '../targets/local/handle.ts';

export type TargetHandle = LocalTargetHandle | DockerTargetHandle;

/** The running target behind a handle, whichever it is. */
export const attachTarget = (handle: TargetHandle, options: { readonly clock: Clock }): Target =>
  handle.kind === 'docker' ? attachDockerTarget(handle, options) : attachLocalTarget(handle, options);
