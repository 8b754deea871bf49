import type { Capability } from './service.ts';
import type { ToolName } from './tools.ts';

/** What one target takes so that it can supply a service. */
export interface Supplies {
  /** Programs that run, or that the procedures and the harness use. */
  readonly tools: readonly ToolName[];
  /** Names of container images; see {@link Provider.images}. */
  readonly images?: readonly string[];
  /** Parts that this target starts along with it, besides {@link Provider.needs}. */
  readonly brings?: readonly Capability[];
}

/** How targets supply what a contract needs. A system owns its providers, and `systems/registered.ts` lists them. */
export interface Provider {
  /** What contracts need, e.g. the name of a system. */
  readonly capability: Capability;
  /** What it stands on: parts that every target starts before it or with it. */
  readonly needs: readonly Capability[];
  /** By the target's name. A target that is not named cannot supply it. */
  readonly suppliedBy: Readonly<Record<string, Supplies>>;
  /** Default references of the images that `suppliedBy` names, by name. A variable for each lets a user name another one. */
  readonly images?: Readonly<Record<string, string>>;
  /** Command lines that a program of the platform finds on its PATH, where the target has them. */
  readonly commandLines?: readonly ToolName[];
  /** About how long a drill takes longer for it, in seconds, on two cores with two drills at a time. Only the proportions matter. */
  readonly typicalDrillS: number;
  /** Whether every drill that needs it shares one place, of which a posture looks at all. */
  readonly isShared?: boolean;
}
