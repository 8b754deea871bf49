import type { Clock } from '../clock/clock.ts';
import type { Capability, Service } from '../model/service.ts';
import type { ToolName } from '../model/target.ts';
import type { StartingProcess } from '../process/supervised.ts';

/** What one target takes so that it can supply a capability. */
export interface Supplies {
  /** Programs of the toolchain that run, or that the procedures and the harness use. */
  readonly tools: readonly ToolName[];
  /** Names of container images; see {@link Provider.images}. */
  readonly images?: readonly string[];
  /** Parts that this target starts along with it, besides {@link Provider.needs}. */
  readonly brings?: readonly Capability[];
}

/** What a script of the platform needs so that it reaches a part of the target. */
interface Addresses {
  /** The variables that hold them, as a sentence names them. */
  readonly variables: string;
  /** Shows, in the text of a script or in what it says when it fails, that it uses them. */
  readonly signs: RegExp;
}

/**
 * How targets supply what a contract needs. A system owns its providers. Those that are shipped are listed in `registered/providers.ts`;
 * the provider of another package is named in `providers` of `dr-contracts.config.ts`.
 */
export interface Provider {
  /** What contracts need, e.g. the name of a system. */
  readonly capability: Capability;
  /** What it stands on: parts that every target starts before it or with it. */
  readonly needs: readonly Capability[];
  /** By the target's name, `local` or `docker`. A target that is not named cannot supply it. */
  readonly suppliedBy: Readonly<Record<string, Supplies>>;
  /** Default references of the images that `suppliedBy` names, by name. A variable for each lets a user name another one. */
  readonly images?: Readonly<Record<string, string>>;
  /**
   * Command lines that programs of the platform find on their PATH where this capability was asked for, besides those of the toolchain: the
   * absolute path of each by its plain name, the same on every target.
   */
  readonly commandLines?: Readonly<Record<string, string>>;
  /** Addresses that a script of the platform is given where it is there; left out where there are none. */
  readonly addresses?: Addresses;
  /** About how long a drill takes longer for it, in seconds, on two cores with two drills at a time. Only the proportions matter. */
  readonly typicalDrillS: number;
  /** Whether every drill that needs it shares one place, of which a posture looks at all. */
  readonly isShared?: boolean;
  /** Places that the provider starts itself, as processes: made with {@link supplier} and {@link sharedSupplier}. */
  readonly suppliers?: readonly Supplier[];
}

/** A program that a provider starts on a target. */
export interface ProgramOfProvider {
  /** Unique in the session, e.g. `postgres-payments-x7k2`. It names the log. */
  readonly name: string;
  /** A tool of the toolchain, or the path of another program. */
  readonly tool: ToolName | { readonly path: string };
  readonly args: readonly string[];
  /** Besides HOME and TMPDIR, which lie in the session's folder. Secrets belong here or into files, never into `args`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it may end in its own time (`graceful`: SIGTERM, and SIGKILL after two seconds), or is killed at once. */
  readonly ending: 'graceful' | 'immediate';
}

/**
 * What a provider starts things with. What is started belongs to the session of the target: a place that nobody gave back ends with it, and
 * what a killed run leaves is collected by the next one.
 */
export interface Runtime {
  /** `local` or `docker`. On both, the programs of a provider are processes of this machine. */
  readonly target: string;
  readonly clock: Clock;
  /** Makes, when needed, and returns a folder of the session, for its owner's eyes only. It is removed with the session at the latest. */
  folder(...parts: string[]): string;
  /** Path of a tool. @throws {ExplainedError} for one that `suppliedBy` does not name. */
  tool(name: ToolName): string;
  /** Starts a server on free loopback ports, and on others when another program was faster. Every other failure is the caller's. */
  onFreePorts<Started>(count: number, start: (ports: readonly number[]) => Promise<Started>): Promise<Started>;
  /** @throws {ExplainedError} when it cannot be started. */
  startProgram(program: ProgramOfProvider): Promise<StartingProcess>;
}

/** How the one place of a service is started that all drills of a run share. It ends with the session. */
export interface SharedSupplier {
  readonly service: Service<unknown, never>;
  readonly isShared: true;
  start(runtime: Runtime, signal: AbortSignal): Promise<unknown>;
}

/** How a place of a caller's own is started. */
export interface OwnSupplier {
  readonly service: Service<unknown, never>;
  readonly isShared?: never;
  start(request: never, runtime: Runtime, signal: AbortSignal): Promise<unknown>;
}

/** How a place is started: one of a caller's own, or the one that all drills of a run share. */
export type Supplier = OwnSupplier | SharedSupplier;

/**
 * Says how a place of that service is started on a target. Who asks for the place disposes it, and disposal ends what was started.
 * `start` releases what it has started itself when it fails.
 */
export const supplier = <Place, Request>(
  service: Service<Place, Request>,
  start: (request: Request, runtime: Runtime, signal: AbortSignal) => Promise<Place>,
): OwnSupplier => ({ service, start });

/** Says how the one place of that service is started that the drills of a run share. It is started when the first of them asks for it. */
export const sharedSupplier = <Place>(
  service: Service<Place>,
  start: (runtime: Runtime, signal: AbortSignal) => Promise<Place>,
): SharedSupplier => ({ service, isShared: true, start });
