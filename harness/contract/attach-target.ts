import type { Clock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import type { DrillTuning } from '../drill/tuning.ts';
import type { Capability } from '../model/service.ts';
import type { Target } from '../model/target.ts';
import { attachTo } from '../targets/attach.ts';
import { containers } from '../targets/docker/attach.ts';
import type { TargetHandle } from '../targets/handle.ts';
import { processes } from '../targets/local/attach.ts';

export type { TargetHandle } from '../targets/handle.ts';

/** Returns the running target of a handle, of any kind. */
export const attachTarget = (handle: TargetHandle, options: { readonly clock: Clock }): Target =>
  attachTo(handle.kind === 'docker' ? containers : processes, handle, options);

/**
 * Values that the global set-up gives to the tests of a run: the running target, the folder of their records, and settings of the
 * configuration.
 */
export interface ProvidedContext {
  readonly handle: TargetHandle;
  /** Capabilities of the target; only the parts that the contracts need were started. */
  readonly capabilities: readonly Capability[];
  /** Every capability that contracts may name, those of the configuration's providers included. */
  readonly knownCapabilities: readonly Capability[];
  readonly runDir: string;
  readonly facts: RunFacts;
  /** Folders of the project, as absolute paths. */
  readonly project: {
    readonly folder: string;
    readonly platformDir: string;
    readonly outDir: string;
    readonly configFile?: string;
  };
  readonly tuning: Pick<DrillTuning, 'serviceBudgetMs'>;
  /** Contracts that cannot run on this target according to the configuration, with the reason by name. */
  readonly notOn: Readonly<Record<string, string>>;
  /** Whether a contract that this target cannot run is a failure. */
  readonly mustRunAll: boolean;
}
