import type { Activities } from '../base/activities.ts';
import type { Clock } from '../clock/clock.ts';
import type { ContractRun, ContractRunOptions, RunPrograms } from '../contract/run-contracts.ts';
import type { WantedParts } from '../contract/wanted-parts.ts';
import type { Capability } from '../model/service.ts';
import type { OpenTarget } from '../model/target.ts';
import type { StartTarget } from '../project/start-target.ts';
import type { TargetChoice } from '../targets/choose-target.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';

export interface PartStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Records what is obtained and started, and when. */
  readonly activities?: Activities | undefined;
  progress(message: string): void;
}

/** Parts of a drill run. The command knows only this interface, so that its own behaviour can be tested without real systems. */
export interface DrillParts {
  chooseTarget(wish: TargetWish, needs: readonly Capability[], step: PartStep): Promise<TargetChoice>;
  /** Starts to obtain the programs that a target needs for those wishes. */
  obtainPrograms(target: TargetName, wishes: readonly WantedParts[], step: PartStep): Promise<RunPrograms>;
  startTarget(options: StartTarget, step: PartStep): Promise<OpenTarget>;
  /** Opens a folder outside every blast radius; it is collected when this process is killed. */
  openScratch(clock: Clock): Promise<{ readonly dir: string } & AsyncDisposable>;
  runContracts(options: ContractRunOptions): Promise<ContractRun>;
}
