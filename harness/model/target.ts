import { z } from 'zod';
import { ExplainedError } from './errors.ts';
import type { Secrets } from './secrets.ts';
import type { Asked, Capability, Service } from './service.ts';

/** Environment in which the real systems run. It hands out places and owns every process behind them. */
export interface Target {
  readonly name: string;
  readonly sessionId: string;
  /** Capabilities that contracts may need. */
  readonly capabilities: readonly Capability[];
  readonly differencesFromProduction: readonly string[];
  readonly tools: readonly ToolInUse[];
  /** The way in which programs of the platform run on this machine. */
  readonly sandbox: HostSandbox;
  /** Returns the path of a command-line program. @throws {ExplainedError} for one that the target does not have. */
  tool(name: ToolName): string;
  /** Paths of the command-line programs on the PATH of the platform's programs, by plain name. */
  readonly commandLines: Readonly<Record<string, string>>;
  /** Returns true when `place` can supply this service. */
  offers(service: Pick<Service<unknown, never>, 'name' | 'capability'>): boolean;
  /**
   * Returns a place of that service. The caller disposes of it if it is disposable. A shared place outlives the disposal.
   * @throws {ExplainedError} when this target does not offer the service, or the place cannot be started.
   */
  place<Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place>;
  /** Reports the credentials of every shared place, even of unused ones, because programs inside the target use them. */
  tellCredentials(secrets: Secrets): Promise<void>;
}

type Open = (request: unknown, signal: AbortSignal) => Promise<unknown>;

/**
 * Places that a target supplies, by service. It provides `target.place`, `offers` and `tellCredentials` in the same way for every target.
 */
export class Places {
  readonly #target: string;
  readonly #capabilities: readonly Capability[];
  readonly #opens = new Map<string, Open>();
  readonly #tells: ((secrets: Secrets) => Promise<unknown>)[] = [];

  /** @param target its name, for messages. @param capabilities those with which it was started. */
  constructor(target: string, capabilities: readonly Capability[]) {
    this.#target = target;
    this.#capabilities = capabilities;
  }

  /** Registers how to start a place of a caller's own. */
  own<Place, Request>(
    service: Service<Place, Request>,
    open: (request: Request, signal: AbortSignal) => Promise<Place>,
  ): this {
    // The token's type determines the request that `place` passes for this name. Nothing else calls it.
    this.#opens.set(service.name, open as Open);
    return this;
  }

  /** Registers the shared place. Does nothing if it was not started. */
  shared<Place>(service: Service<Place>, place: Place | undefined): this {
    if (place === undefined) return this;
    this.#opens.set(service.name, async () => place);
    this.#tells.push(async (secrets) => await service.tellCredentials(place, secrets));
    return this;
  }

  /** Registers how to start the shared place. The first request starts it. After a failed start the next request tries again. */
  sharedOnDemand(
    service: Pick<Service<unknown, never>, 'name'>,
    open: (signal: AbortSignal) => Promise<unknown>,
  ): this {
    let starting: Promise<unknown> | undefined;
    this.#opens.set(service.name, async (_, signal) => {
      starting ??= open(signal).catch((error: unknown) => {
        starting = undefined;
        throw error;
      });
      return await starting;
    });
    return this;
  }

  /** Members of a target that concern its places. */
  get members(): Pick<Target, 'offers' | 'place' | 'tellCredentials'> {
    return {
      offers: ({ name, capability }) => this.#capabilities.includes(capability) && this.#opens.has(name),
      place: async <Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place> => {
        const [request, signal = new AbortController().signal]: readonly [request?: unknown, signal?: AbortSignal] =
          asked;
        const open = this.#opens.get(service.name);
        if (open === undefined || !this.#capabilities.includes(service.capability))
          throw notStarted(this.#target, service.capability);
        return (await open(request, signal)) as Place;
      },
      tellCredentials: async (secrets) => {
        await Promise.all(this.#tells.map(async (tell) => await tell(secrets)));
      },
    };
  }
}

/** Returns the error for a part with which the target was not started. */
export const notStarted = (target: string, capability: Capability): ExplainedError =>
  new ExplainedError({
    thing: `${target} target, part ${capability}`,
    expected: 'to have been started',
    observed: 'it was not requested when the target was started',
    nextStep: `Name '${capability}' among the parts when the ${target} target is started, or among the needs of the contract's asset.`,
  });

/** A target whose parts become ready one after the other. Disposal stops all of them. */
export interface OpenTarget<Attached extends { readonly target: Target } = { readonly target: Target }>
  extends AsyncDisposable {
  /**
   * Waits for those parts.
   * @returns the target for a caller that needs these parts.
   * @throws {ExplainedError} that says why one of the parts is not available.
   */
  untilReady(parts: readonly Capability[]): Promise<Attached>;
}

/** Wraps a target that is ready. The caller stops the target itself. */
export const readyTarget = (target: Target): OpenTarget => ({
  untilReady: async () => ({ target }),
  [Symbol.asyncDispose]: async () => undefined,
});

/** Name of a program that real parts run or need: the name of a recipe of the toolchain, or the name that a provider gave it. */
export type ToolName = string;

/** Paths of all programs that have been obtained. */
export interface Toolchain {
  /** @throws {ExplainedError} for a tool that this toolchain did not obtain. */
  path(name: ToolName): string;
  readonly inUse: readonly ToolInUse[];
}

export interface ToolInUse {
  readonly name: string;
  readonly version: string;
  /**
   * Source of the binary (`environment`, `cache`, `path`, `built`, `pack` with its digest, `wheel` with its file and digest, or `image`
   * with its reference and digest), or an image digest.
   */
  readonly source: string;
}

/**
 * The way in which this machine runs the platform's programs, as plain data. It is found once when a target starts, and is part of its
 * handle.
 *
 * - `bubblewrap`: each program runs in a sandbox of its own.
 * - `none`: no sandbox, because the user said so. Programs can reach the files of this machine.
 * - `refused`: there is no sandbox, and the user did not allow running without one. No program runs, and everything that depends on one is
 *   `unproven`.
 */
export const hostSandboxSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('bubblewrap'),
    /** Absolute path of `bwrap`. */
    path: z.string(),
    version: z.string(),
    source: z.enum(['machine', 'cache', 'installed']),
    /** True when each sandbox has its own user namespace and cannot make another one inside it. */
    userNamespace: z.boolean(),
    /** Program that blocks abstract unix sockets (by Landlock) and then starts another program; null if there is none. */
    scopedBy: z.string().nullable(),
  }),
  z.object({
    kind: z.literal('none'),
    /** Source of the decision, e.g. "the configuration says sandbox: 'none'". */
    reason: z.string(),
  }),
  z.object({ kind: z.literal('refused'), reason: z.string(), fix: z.string() }),
]);
export type HostSandbox = z.output<typeof hostSandboxSchema>;

/** Values of the option in a configuration: `bubblewrap` is the default, `none` uses no sandbox. */
export const sandboxWishes = ['bubblewrap', 'none'] as const;
export type SandboxWish = (typeof sandboxWishes)[number];

/** Describes the sandbox in one sentence for a record, a log or a report. */
export function describeSandbox(sandbox: HostSandbox): string {
  switch (sandbox.kind) {
    case 'bubblewrap': {
      const user = sandbox.userNamespace ? '' : ', without a user namespace';
      const sockets = sandbox.scopedBy === null ? ', abstract unix sockets of this machine can be reached' : '';
      return `bubblewrap ${sandbox.version}${user}${sockets}`;
    }
    case 'none':
      return `none: ${sandbox.reason}`;
    case 'refused':
      return `refused: ${sandbox.reason}`;
  }
}
