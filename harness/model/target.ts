import type { HostSandbox } from './sandbox.ts';
import type { Secrets } from './secrets.ts';
import type { Asked, Capability, Service } from './service.ts';
import type { ToolInUse, ToolName } from './tools.ts';

/** Where the real systems run. Hands out places; owns every process behind them. */
export interface Target {
  readonly name: string;
  readonly sessionId: string;
  /** What contracts may need of it. */
  readonly capabilities: readonly Capability[];
  readonly differencesFromProduction: readonly string[];
  readonly tools: readonly ToolInUse[];
  /** How programs of the platform run on this machine. */
  readonly sandbox: HostSandbox;
  /** Path of a command line. @throws {ExplainedError} for one that the target was not given. */
  tool(name: ToolName): string;
  /** Whether `place` can supply this service here. */
  offers(service: Pick<Service<unknown, never>, 'name' | 'capability'>): boolean;
  /**
   * A place of that service. Who asks disposes it, where it is disposable. A shared place outlives that.
   * @throws {ExplainedError} when this target does not offer the service, or the place cannot be started.
   */
  place<Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place>;
  /** Makes the credentials of every shared place known, also of those that nobody asks for: programs inside the target use them. */
  tellCredentials(secrets: Secrets): Promise<void>;
}
