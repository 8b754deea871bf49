import type { Provider } from './provider.ts';

/** Scripts of a platform, by path from the folder of the project. */
export interface OwnScripts {
  readonly backup: string;
  readonly restore: string;
}

/** Contract that `init` writes for a new user of a system. */
export interface FirstContract {
  /** Default values: objectives that the schedule can meet. */
  readonly proposed: { readonly name: string; readonly rto: string; readonly rpo: string; readonly cron: string };
  /** Budgets for detection and decision, which are added to every RTA. */
  readonly detection: { readonly failures: number; readonly every: string };
  readonly decision: string;
  /** Time of the first build of its programs on two cores, in words. */
  readonly firstBuild: string;
  /** Example scripts: those of the reference platform, which our contracts drill. Left out if it runs no script. */
  readonly scripts?: OwnScripts;
  /** Its imports besides `contract`. */
  readonly imports: readonly string[];
  /** Lines of the contract for its `asset`. */
  readonly asset: string;
  /** Returns the lines of the contract for its `protectedBy`. */
  protectedBy(cron: string, ownScripts: OwnScripts | undefined): string;
  readonly survives: readonly string[];
}

/** A provider of this package. `init` runs before a configuration names providers of other packages, so it knows only these. */
export interface ShippedProvider extends Provider {
  /** Contract that `init` writes for a new user of this capability. Left out if no user starts with it. */
  readonly firstContract?: FirstContract;
}
