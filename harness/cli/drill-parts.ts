import type { Clock } from '../clock/clock.ts';
import type { ContractRun, ContractRunOptions } from '../contract/run-contracts.ts';
import type { SandboxWish } from '../model/sandbox.ts';
import type { Capability, Target } from '../model/target.ts';
import type { Toolchain } from '../model/tools.ts';
import type { TargetChoice } from '../targets/choose-target.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';

export interface PartStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

export interface StartTarget {
  readonly name: TargetName;
  readonly needs: readonly Capability[];
  readonly toolchain: Toolchain;
  /** Use the kept cluster, and keep it. */
  readonly keep: boolean;
  /** What the configuration says about the sandbox of the platform's programs. */
  readonly sandbox?: SandboxWish;
}

/** What a drill run is made of; the command knows only this, so that its own behaviour can be tested without real systems. */
export interface DrillParts {
  chooseTarget(wish: TargetWish, needs: readonly Capability[], step: PartStep): Promise<TargetChoice>;
  obtainToolchain(target: TargetName, needs: readonly Capability[], step: PartStep): Promise<Toolchain>;
  startTarget(options: StartTarget, step: PartStep): Promise<{ readonly target: Target } & AsyncDisposable>;
  /** A folder outside every blast radius, found again and collected when this process is killed. */
  openScratch(clock: Clock): Promise<{ readonly dir: string } & AsyncDisposable>;
  runContracts(options: ContractRunOptions): Promise<ContractRun>;
}
