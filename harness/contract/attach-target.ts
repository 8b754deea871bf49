import type { Clock } from '../clock/clock.ts';
import type { Target } from '../model/target.ts';
import { attachTo } from '../targets/attach.ts';
import { containers } from '../targets/docker/attach.ts';
import type { TargetHandle } from '../targets/handle.ts';
import { processes } from '../targets/local/attach.ts';

export type { TargetHandle } from '../targets/handle.ts';

/** The running target behind a handle, whichever it is. */
export const attachTarget = (handle: TargetHandle, options: { readonly clock: Clock }): Target =>
  attachTo(handle.kind === 'docker' ? containers : processes, handle, options);
