import type { Provider } from './provider.ts';

/** The scripts of a platform, by path from the folder of the project. */
export interface OwnScripts {
  readonly backup: string;
  readonly restore: string;
}

/** The contract that `init` writes for somebody who starts with a system. */
export interface FirstContract {
  /** What it says where nobody says otherwise: objectives that the schedule can meet. */
  readonly proposed: { readonly name: string; readonly rto: string; readonly rpo: string; readonly cron: string };
  /** What it budgets for detection and decision, which are added to every RTA. */
  readonly detection: { readonly failures: number; readonly every: string };
  readonly decision: string;
  /** How long the programs that it needs are built from nothing, in words, on two cores. */
  readonly firstBuild: string;
  /** Scripts to start from: those of the reference platform, which our contracts drill. Left out where it runs no script. */
  readonly scripts?: OwnScripts;
  /** What it imports besides `contract`. */
  readonly imports: readonly string[];
  /** Lines of the contract: its `asset`. */
  readonly asset: string;
  /** Lines of the contract: its `protectedBy`. */
  protectedBy(cron: string, ownScripts: OwnScripts | undefined): string;
  readonly survives: readonly string[];
}

/** `init` runs before a configuration names a provider of another package, so it knows the providers that are shipped. */
export interface ShippedProvider extends Provider {
  /** What `init` writes for somebody who starts with this capability; left out where nobody does. */
  readonly firstContract?: FirstContract;
}
