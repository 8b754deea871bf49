import type { Clock } from '../clock/clock.ts';
import type { ContractRun, ContractRunOptions } from '../contract/run-contracts.ts';
import type { Capability, Target } from '../model/target.ts';
import type { Toolchain } from '../model/tools.ts';
import type { StartTarget } from '../project/start-target.ts';
import type { TargetChoice } from '../targets/choose-target.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';

export interface PartStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

/** What a drill run is made of; the command knows only this, so that its own behaviour can be tested without real systems. */
export interface DrillParts {
  chooseTarget(wish: TargetWish, needs: readonly Capability[], step: PartStep): Promise<TargetChoice>;
  obtainToolchain(target: TargetName, needs: readonly Capability[], step: PartStep): Promise<Toolchain>;
  /** Where the kubectl is that renders manifests, for a run with that target. */
  obtainKubectl(wish: TargetWish, step: PartStep): Promise<string>;
  startTarget(options: StartTarget, step: PartStep): Promise<{ readonly target: Target } & AsyncDisposable>;
  /** A folder outside every blast radius, found again and collected when this process is killed. */
  openScratch(clock: Clock): Promise<{ readonly dir: string } & AsyncDisposable>;
  runContracts(options: ContractRunOptions): Promise<ContractRun>;
}
