import type { Clock } from '../clock/clock.ts';
import type { Capability, Service } from '../model/service.ts';
import type { Target, ToolName } from '../model/target.ts';
import type { StartingProcess } from '../process/supervised.ts';

/** Resources of one target for a capability. */
export interface Supplies {
  /** Programs of the toolchain that the target runs, or that the procedures and the harness use. */
  readonly tools: readonly ToolName[];
  /** Names of container images; see {@link Provider.images}. */
  readonly images?: readonly string[];
  /** Further parts that this target starts with it, besides {@link Provider.needs}. */
  readonly brings?: readonly Capability[];
}

/** Addresses with which a script of the platform reaches a part of the target. */
interface Addresses {
  /** Names of the variables that hold them, as a phrase for sentences. */
  readonly variables: string;
  /** Matches a script's text or error output that shows that the script uses them. */
  readonly signs: RegExp;
  /** Returns the variables of a target that has the capability. */
  values(target: Target): Promise<Readonly<Record<string, string>>>;
}

/**
 * Supply of one capability on targets. A system owns its providers. `registered/providers.ts` lists the shipped ones; `providers` of
 * `dr-contracts.config.ts` names those of other packages.
 */
export interface Provider {
  /** Capability that contracts need, e.g. the name of a system. */
  readonly capability: Capability;
  /** Parts on which it depends. Every target starts them before it or with it. */
  readonly needs: readonly Capability[];
  /** Resources by the target's name, `local` or `docker`. Other targets cannot supply it. */
  readonly suppliedBy: Readonly<Record<string, Supplies>>;
  /** Default references of the images in `suppliedBy`, by name. A user can replace each by a variable. */
  readonly images?: Readonly<Record<string, string>>;
  /**
   * Further command-line programs on the PATH of the platform's programs, if the contract needs this capability: absolute path by plain
   * name, the same on every target. Those of the toolchain come in addition.
   */
  readonly commandLines?: Readonly<Record<string, string>>;
  /** Addresses that a script of the platform gets if the target has this part. Left out if there are none. */
  readonly addresses?: Addresses;
  /** Approximate extra time of a drill that uses it, in seconds, on two cores with two drills at a time. Only the proportions matter. */
  readonly typicalDrillS: number;
  /** True when all drills share one place. A posture checks the whole place. */
  readonly isShared?: boolean;
  /** Places that the provider itself starts as processes. Made with {@link supplier} and {@link sharedSupplier}. */
  readonly suppliers?: readonly Supplier[];
}

/** A program that a provider starts on a target. */
export interface ProgramOfProvider {
  /** Name, unique in the session, e.g. `postgres-payments-x7k2`. It is also the name of the log. */
  readonly name: string;
  /** Tool of the toolchain, or the path of another program. */
  readonly tool: ToolName | { readonly path: string };
  readonly args: readonly string[];
  /** Variables besides HOME and TMPDIR, which are in the session's folder. Secrets belong here or in files, never in `args`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Way to end it: `graceful` (SIGTERM, and SIGKILL after two seconds), or `immediate` (killed at once). */
  readonly ending: 'graceful' | 'immediate';
}

/**
 * Functions with which a provider starts things. Started things belong to the session of the target. A place that was not disposed of ends
 * with the session. The next run removes what a killed run leaves.
 */
export interface Runtime {
  /** `local` or `docker`. On both, the programs of a provider are processes of this machine. */
  readonly target: string;
  readonly clock: Clock;
  /** Returns a folder of the session and makes it if needed. Only its owner can read it. It is removed with the session at the latest. */
  folder(...parts: string[]): string;
  /** Returns the path of a tool. @throws {ExplainedError} for one that `suppliedBy` does not name. */
  tool(name: ToolName): string;
  /** Starts a server on free loopback ports, and tries others when another program took them first. Throws every other error of `start`. */
  onFreePorts<Started>(count: number, start: (ports: readonly number[]) => Promise<Started>): Promise<Started>;
  /** @throws {ExplainedError} when it cannot be started. */
  startProgram(program: ProgramOfProvider): Promise<StartingProcess>;
}

/** Start of the one place of a service that all drills of a run share. The place ends with the session. */
export interface SharedSupplier {
  readonly service: Service<unknown, never>;
  readonly isShared: true;
  start(runtime: Runtime, signal: AbortSignal): Promise<unknown>;
}

/** Start of a place of a caller's own. */
export interface OwnSupplier {
  readonly service: Service<unknown, never>;
  readonly isShared?: never;
  start(request: never, runtime: Runtime, signal: AbortSignal): Promise<unknown>;
}

/** Start of a place: one of a caller's own, or the one that all drills of a run share. */
export type Supplier = OwnSupplier | SharedSupplier;

/**
 * Declares how to start a place of this service on a target. The caller disposes of the place, which ends everything that was started. If
 * `start` fails, it has to release what it has started.
 */
export const supplier = <Place, Request>(
  service: Service<Place, Request>,
  start: (request: Request, runtime: Runtime, signal: AbortSignal) => Promise<Place>,
): OwnSupplier => ({ service, start });

/** Declares how to start the one place of this service that the drills of a run share. The first drill that asks for it starts it. */
export const sharedSupplier = <Place>(
  service: Service<Place>,
  start: (runtime: Runtime, signal: AbortSignal) => Promise<Place>,
): SharedSupplier => ({ service, isShared: true, start });
