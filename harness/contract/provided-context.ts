import type { RunFacts } from '../drill/new-record.ts';
import type { DrillTuning } from '../drill/tuning.ts';
import type { Capability } from '../model/service.ts';
import type { TargetHandle } from './attach-target.ts';

/** What the tests of a run are given: the running target, where their records go, and what the configuration says. */
export interface ProvidedContext {
  readonly handle: TargetHandle;
  /** What the target could run; only the parts that the contracts need were started. */
  readonly capabilities: readonly Capability[];
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
  /** Why contracts cannot run on this target, as the configuration says, by name. */
  readonly notOn: Readonly<Record<string, string>>;
  /** Whether a contract that this target cannot run fails. */
  readonly mustRunAll: boolean;
}
